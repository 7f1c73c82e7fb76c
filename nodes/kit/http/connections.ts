import type { Socket } from 'node:net';
import { fenced } from '../fence';
import type { HttpServer } from '../red';

/**
 * The open connections of Node-RED's server. All that are readable are read within one turn of the event loop, and what
 * each has sent is parsed at once: a costly one makes the others wait for the next turn, so that the loop never stands
 * for all of them together.
 */
export class Connections {
  readonly #server: HttpServer | undefined;
  readonly #open = new Set<Socket>();
  #areWaiting = false;

  /** @param server absent when Node-RED is embedded without one */
  constructor(server: HttpServer | undefined) {
    if (typeof server?.on === 'function') this.#server = server;
  }

  /** Know the connections that are made from now on. */
  watch(): void {
    this.#server?.on(this.#event, this.#add);
  }

  unwatch(): void {
    this.#server?.off(this.#event, this.#add);
  }

  /** Below TLS, a connection carries what is encrypted. */
  get #event(): 'connection' | 'secureConnection' {
    return typeof this.#server?.setSecureContext === 'function' ? 'secureConnection' : 'connection';
  }

  readonly #add = fenced((socket: Socket) => {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  });

  /** Let all other connections wait for the next turn of the event loop. */
  letOthersWait(current: Socket): void {
    if (this.#areWaiting) return;
    const waiting = [...this.#open].filter((socket) => socket !== current && !socket.isPaused());
    if (waiting.length === 0) return;
    this.#areWaiting = true;
    for (const socket of waiting) socket.pause();
    setImmediate(
      fenced(() => {
        this.#areWaiting = false;
        for (const socket of waiting) socket.resume();
      }),
    );
  }
}
