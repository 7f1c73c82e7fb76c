import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TENANT, USER } from '../state';
import { type Body, readBody } from './body';
import type { AcceptUpgrade, Contract } from './contract';
import type { EventSocketServer } from './event-socket';
import type { Fault, Faults, LoggedRequest } from './faults';
import { flatError, noRoute } from './flat-errors';
import type { IdempotencyCache } from './idempotency';
import { refuseForeignPages, requireLocalCaller } from './local-only';
import { ignoreUpgrade, isWebSocketUpgrade } from './plain-upgrade';
import { Problem } from './problem';
import { refuseUpgrade, requestUrl, writeAnswer } from './response';
import type { Answer, Call, Caller, Router } from './router';
import type { Timers } from './timers';

/** The parts of a sandbox that its HTTP server uses. */
export interface ServerParts {
  readonly settings: { readonly idempotency: boolean; readonly log: (line: string) => void };
  readonly timers: Timers;
  readonly faults: Faults;
  readonly idempotency: IdempotencyCache;
  /** The sockets of the chat page, with either contract. */
  readonly eventSockets: EventSocketServer;
}

type FoundRoute = Exclude<NonNullable<ReturnType<Router['find']>>, { allow: string[] }>;

interface PendingRequest {
  request: IncomingMessage;
  url: URL;
  match: ReturnType<Router['find']>;
  body: Promise<Body>;
  logged: LoggedRequest;
}

const ANONYMOUS: Caller = { userId: USER, tenantId: TENANT };
const PAGE_SOCKET_PATH = '/_sandbox/ws';
const OPEN_PATHS = /^\/(?:$|health$|_sandbox(?:\/|$))/;

/**
 * Creates the HTTP server of one sandbox, not yet listening.
 *
 * @param open routes of the chat page, the health check and the control routes: no sign-in, no planned failures
 * @param contract all other routes and the sockets
 */
export function createSandboxServer(parts: ServerParts, open: Router, contract: Contract): Server {
  const handler = new RequestHandler(parts, open, contract);
  const server = createServer((request, response) => {
    handler.respond(request, response).catch((error: unknown) => {
      parts.settings.log(`could not answer: ${String(error)}`);
      response.destroy();
    });
  });
  server.on('upgrade', (request, stream, head) => {
    if (!isWebSocketUpgrade(request)) {
      ignoreUpgrade(server, request, stream, head);
      return;
    }
    stream.on('error', () => stream.destroy());
    handler.upgrade(request, stream, head).catch(() => stream.destroy());
  });
  return server;
}

class RequestHandler {
  readonly #parts: ServerParts;
  readonly #open: Router;
  readonly #contract: Contract;

  constructor(parts: ServerParts, open: Router, contract: Contract) {
    this.#parts = parts;
    this.#open = open;
    this.#contract = contract;
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = requestUrl(request);
    const { method = 'GET' } = request;
    const key = request.headers['idempotency-key'];
    const logged: LoggedRequest = {
      method,
      path: url.pathname,
      query: url.search,
      status: 0,
      ...(typeof key === 'string' && { idempotencyKey: key }),
    };
    const body = readBody(request);
    // Avoid an unhandled rejection when the request is refused before its body is awaited.
    body.catch(() => undefined);
    const isOpen = OPEN_PATHS.test(url.pathname);
    const match = (isOpen ? this.#open : this.#contract.router).find(method, url.pathname);
    const pending: PendingRequest = { request, url, match, body, logged };
    const requestId = request.headers['x-request-id'];
    response.setHeader('X-Request-ID', typeof requestId === 'string' && requestId !== '' ? requestId : randomUUID());
    const answer = isOpen
      ? await this.#answerOpen(pending)
      : await this.#withCutoff(this.#answerApi(pending, response));
    if (answer === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    logged.status = answer.status;
    writeAnswer(response, answer);
  }

  /** Opens a socket, or refuses the handshake with an ordinary answer. */
  async upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const { faults, timers } = this.#parts;
    const url = requestUrl(request);
    if (faults.latency > 0) await timers.sleep(faults.latency);
    const fault = faults.takeFault('GET', url.pathname, true);
    if (fault?.reset) {
      request.socket.resetAndDestroy();
      return;
    }
    let accept: AcceptUpgrade;
    try {
      if (fault) throw new Problem(fault.status, 'A failure that was asked for', { headers: fault.headers });
      refuseForeignPages(request);
      accept =
        url.pathname === PAGE_SOCKET_PATH
          ? this.#pageSocket(request)
          : this.#contract.acceptSocket(url, request.headers);
    } catch (error) {
      refuseUpgrade(stream, this.#contractError(error));
      return;
    }
    accept(request, stream, head);
  }

  /** Answers, or breaks the connection at the cutoff; the work continues. */
  async #withCutoff(work: Promise<Answer | 'reset'>): Promise<Answer | 'reset'> {
    const { faults, timers } = this.#parts;
    if (faults.cutoff === 0) return work;
    let cancel: () => void = () => undefined;
    const late = new Promise<'reset'>((resolve) => {
      cancel = timers.after(faults.cutoff, () => resolve('reset'));
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      cancel();
    }
  }

  async #answerOpen(pending: PendingRequest): Promise<Answer> {
    const { match, logged } = pending;
    try {
      if (!match || 'allow' in match) return noRoute(logged.method, logged.path, match?.allow);
      return await this.#handle(pending, match);
    } catch (error) {
      return flatError(error) ?? this.#unexpected(error, flatError);
    }
  }

  async #answerApi(pending: PendingRequest, response: ServerResponse): Promise<Answer | 'reset'> {
    const { faults, timers } = this.#parts;
    const { logged, match } = pending;
    faults.logRequest(logged);
    if (faults.latency > 0) await timers.sleep(faults.latency);
    const fault = faults.takeFault(logged.method, logged.path);
    if (fault && !fault.after) return this.#faultAnswer(fault);
    let answer: Answer;
    try {
      for (const [name, value] of Object.entries(faults.countAgainstLimit())) response.setHeader(name, value);
      if (!match || 'allow' in match) answer = this.#contract.noRoute(logged.method, logged.path, match?.allow);
      else answer = await this.#handle(pending, match);
    } catch (error) {
      answer = this.#contractError(error);
    }
    return fault ? this.#faultAnswer(fault) : answer;
  }

  #faultAnswer(fault: Fault): Answer | 'reset' {
    const { status, headers, body } = fault;
    return fault.reset ? 'reset' : { status, headers, body: body ?? this.#contract.faultBody(fault) };
  }

  async #handle({ request, url, body, logged }: PendingRequest, match: FoundRoute): Promise<Answer> {
    const { settings, idempotency } = this.#parts;
    refuseForeignPages(request);
    const caller = match.route.open ? ANONYMOUS : this.#contract.authenticate(request.headers);
    const call: Call = {
      method: logged.method,
      path: url.pathname,
      params: match.params,
      query: url.searchParams,
      headers: request.headers,
      ...(await body),
      caller,
    };
    const work = async (): Promise<Answer> => match.route.handler(call);
    const key = settings.idempotency && logged.method !== 'GET' ? logged.idempotencyKey : undefined;
    return key ? idempotency.once(key, `${logged.method} ${logged.path}`, work) : work();
  }

  #contractError(error: unknown): Answer {
    const contract = this.#contract;
    return contract.errorAnswer(error) ?? this.#unexpected(error, (problem) => contract.errorAnswer(problem));
  }

  /** Logs an unexpected error and answers 500. */
  #unexpected(error: unknown, errorAnswer: Contract['errorAnswer']): Answer {
    this.#parts.settings.log(`failed: ${error instanceof Error ? error.stack : String(error)}`);
    return errorAnswer(new Problem(500, 'The sandbox failed')) ?? { status: 500 };
  }

  /** The chat page uses a socket of the documented API, with either contract. */
  #pageSocket(request: IncomingMessage): AcceptUpgrade {
    requireLocalCaller(request);
    return (accepted, stream, head) => this.#parts.eventSockets.accept(accepted, stream, head, USER);
  }
}
