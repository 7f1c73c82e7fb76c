import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Fault } from './faults';
import type { Answer, Caller, Router } from './router';

/** Completes the upgrade of a connection. */
export type AcceptUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => void;

/** The parts that differ between the contracts: routes, sign-in, errors and sockets. */
export interface Contract {
  readonly router: Router;
  /** Adds the control routes that only this contract has. */
  addControls(own: Router): void;
  /** Identifies the caller. Throws when there is none. */
  authenticate(headers: IncomingHttpHeaders): Caller;
  /** Authenticates a socket. Throws when it is refused. */
  acceptSocket(url: URL, headers: IncomingHttpHeaders): AcceptUpgrade;
  /** Closes the sockets that only this contract has. */
  close?(): void;
  /** Answers or throws for an unknown path, or for an unknown verb (`allow` has the known ones). */
  noRoute(method: string, path: string, allow?: string[]): Answer;
  /** The answer for an expected error; undefined for any other. */
  errorAnswer(error: unknown): Answer | undefined;
  /** The body of a planned failure that names none. */
  faultBody(fault: Fault): unknown;
}
