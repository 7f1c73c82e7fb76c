import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Fault } from '../sim/faults';
import type { Answer, Caller, Router } from './router';

/** Takes over a connection as a socket. */
export type Welcome = (request: IncomingMessage, stream: Duplex, head: Buffer) => void;

/** What a contract does in its own way: its routes, and around them sign-in, refusals and sockets. */
export interface Face {
  readonly router: Router;
  /** Adds the control routes that only this contract has. */
  controls(own: Router): void;
  /** Who sends a request; throws a refusal. */
  callerOf(headers: IncomingHttpHeaders): Caller;
  /** Lets a socket in; throws a refusal. */
  admit(url: URL, headers: IncomingHttpHeaders): Welcome;
  /** What is said, or thrown, where no route is, or none for this verb (`allow` are those there are). */
  lost(method: string, path: string, allow?: string[]): Answer;
  /** How a refusal is said; undefined when the error is not one. */
  refusal(error: unknown): Answer | undefined;
  /** The body of a planned failure that names none. */
  faultBody(fault: Fault): unknown;
}
