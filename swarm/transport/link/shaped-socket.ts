/**
 * A TCP connection over a link: a stream above a socket of this machine, whose bytes are on their way as long as the link wants.
 *
 *   write ──> up lane ────> socket ──> server            connect: SYN ──> connection ──> SYN-ACK
 *   data  <── down lane <── socket <── server            end, failure: behind what was sent before
 *
 * The socket below is opened when the SYN arrives, and closed when the end does: a server sees the connection when and as long as it would. What is
 * under way is limited as a window of TCP is; beyond it the other side waits.
 */
import type net from 'node:net';
import { Duplex } from 'node:stream';
import { type Cargo, Lane, LinkGivenUp } from './lane.ts';
import type { LinkWait } from './link-clock.ts';
import type { LinkPath } from './link-path.ts';

/** Bytes that are under way at most in one direction: Linux lets a window grow to six megabytes (tcp_rmem), senders keep four (tcp_wmem). */
const WINDOW_BYTES = 4 << 20;

type Done = (error?: Error | null) => void;

export class ShapedSocket extends Duplex {
  readonly #path: LinkPath;
  readonly #up: Lane;
  readonly #down: Lane;
  #raw: net.Socket | null = null;
  #opening: LinkWait | null = null;
  /** Waits until there is room for more. */
  #written: Done | null = null;

  /**
   * Connects at once; `connect` or `error` follows.
   * @param open a socket that is connecting, both of whose halves end by themselves (`allowHalfOpen`)
   */
  constructor(path: LinkPath, open: () => net.Socket) {
    super({ allowHalfOpen: false, emitClose: true });
    this.#path = path;
    this.#up = new Lane(path, path.up, (cargo) => this.#sent(cargo));
    this.#down = new Lane(path, path.down, (cargo) => this.#came(cargo));
    const { clock } = path.link.kind;
    const { ms, givenUp } = path.knock();
    path.busy();
    this.#opening = clock.wait(ms, () => {
      this.#opening = null;
      path.free();
      if (givenUp) this.destroy(connectTimedOut());
      else this.#open(open());
    });
  }

  setNoDelay(): this {
    this.#raw?.setNoDelay(true);
    return this;
  }

  setKeepAlive(on: boolean, ms: number): this {
    this.#raw?.setKeepAlive(on, ms);
    return this;
  }

  /** Where it leads. */
  get remotePort(): number | undefined {
    return this.#raw?.remotePort;
  }

  #open(raw: net.Socket): void {
    this.#raw = raw;
    const { clock } = this.#path.link.kind;
    raw.once('connect', () => {
      this.#path.busy();
      this.#opening = clock.wait(this.#path.link.wayMs(), () => {
        this.#opening = null;
        this.#path.free();
        this.emit('connect');
      });
      raw.on('data', (chunk: Buffer) => {
        this.#down.send(chunk);
        if (this.#down.bytes >= WINDOW_BYTES) raw.pause();
      });
      raw.once('end', () => this.#down.end(null));
    });
    raw.on('error', (error) => this.#down.end(error));
    raw.once('close', (failed) => {
      // What was going up has nowhere to arrive.
      this.#up.drop();
      if (this.destroyed || failed) return;
      this.#finish();
    });
  }

  override _read(): void {
    this.#down.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: Done): void {
    this.#up.end(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    const raw = this.#raw;
    if (this.#opening !== null) {
      this.#opening.cancel();
      this.#opening = null;
      this.#path.free();
    }
    this.#down.drop();
    if (raw === null || raw.connecting || this.#up.givenUp) {
      this.#up.drop();
      raw?.destroy();
    } else if (!raw.destroyed) {
      // What was sent is under way, and the end behind it; what still comes is for nobody.
      raw.resume();
      this.#up.end(null);
    }
    done(error);
  }

  #send(chunk: Buffer, done: Done): void {
    this.#up.send(chunk);
    if (this.#up.bytes < WINDOW_BYTES) done();
    else this.#written = done;
  }

  /** Something has arrived at the other side. */
  #sent(cargo: Cargo): boolean {
    const raw = this.#raw!;
    if (cargo instanceof Error) this.#giveUp(cargo);
    else if (cargo === null) {
      if (this.destroyed) raw.destroy();
      else raw.end();
    } else if (raw.writable) raw.write(cargo);
    this.#finish();
    return true;
  }

  /** Something has arrived here. */
  #came(cargo: Cargo): boolean {
    if (cargo instanceof Error) {
      if (cargo instanceof LinkGivenUp) this.#giveUp(cargo);
      else this.destroy(cargo);
      return false;
    }
    const takesMore = this.push(cargo);
    if (this.#raw?.isPaused() && this.#down.bytes < WINDOW_BYTES) this.#raw.resume();
    return takesMore;
  }

  #giveUp(error: Error): void {
    this.#path.link.kind.told.reset();
    this.#raw?.resetAndDestroy();
    this.destroy(error);
  }

  /** Lets a write go on that waited for room. */
  #finish(): void {
    if (this.#written === null || this.#up.bytes >= WINDOW_BYTES) return;
    const done = this.#written;
    this.#written = null;
    done();
  }
}

/** As the system says that nobody has answered (connect(2)). */
function connectTimedOut(): Error {
  return Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT', syscall: 'connect' });
}
