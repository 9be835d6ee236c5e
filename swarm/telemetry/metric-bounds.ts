/** Upper bounds in seconds of the buckets of Prometheus histograms. */

/** Of requests and lateness. */
export const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Of stages of installations, and of what takes as long. */
export const STAGE_BOUNDS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 2700, 3600, 7200];
