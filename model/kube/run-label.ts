/** Label of every object that a run makes on a hub; its value is the run's name. By it they are found again. */
export const RUN_LABEL = 'assisted-swarm/run';
