import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { flat, lost } from '../routes';
import type { Fault, Seen } from '../sim/faults';
import type { World } from '../sim/world';
import { TENANT, USER } from '../state';
import { type Body, readBody } from './body';
import type { Face, Welcome } from './contract';
import { refusePages, refuseStrangers } from './local-only';
import { Problem } from './problem';
import { refuse, urlOf, write } from './response';
import type { Answer, Call, Caller, Router } from './router';

type Found = Exclude<NonNullable<ReturnType<Router['find']>>, { allow: string[] }>;

interface Request {
  world: World;
  face: Face;
  request: IncomingMessage;
  url: URL;
  match: ReturnType<Router['find']>;
  body: Promise<Body>;
  seen: Seen;
}

const NOBODY: Caller = { userId: USER, tenantId: TENANT };
const PAGE_SOCKET = '/_sandbox/ws';
const OPEN_ROOMS = /^\/(?:$|health$|_sandbox(?:\/|$))/;

/**
 * The HTTP server of one sandbox, not yet listening.
 *
 * @param own the page, the health check and the control routes; `face` has the rest
 */
export function serverFor(world: World, own: Router, face: Face): Server {
  const server = createServer((request, response) => {
    respond(world, own, face, request, response).catch((error: unknown) => {
      world.settings.log(`could not answer: ${String(error)}`);
      response.destroy();
    });
  });
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    upgrade(world, face, request, stream, head).catch(() => stream.destroy());
  });
  return server;
}

async function respond(
  world: World,
  own: Router,
  face: Face,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = urlOf(request);
  const { method = 'GET' } = request;
  const key = request.headers['idempotency-key'];
  const seen: Seen = {
    method,
    path: url.pathname,
    query: url.search,
    status: 0,
    ...(typeof key === 'string' && { idempotencyKey: key }),
  };
  const body = readBody(request);
  // A refusal may come before anybody waits for the body.
  body.catch(() => undefined);
  const open = OPEN_ROOMS.test(url.pathname);
  const match = (open ? own : face.router).find(method, url.pathname);
  const asked: Request = { world, face, request, url, match, body, seen };
  const given = request.headers['x-request-id'];
  response.setHeader('X-Request-ID', typeof given === 'string' && given !== '' ? given : randomUUID());
  const answer = open ? await openAnswer(asked) : await inTime(world, apiAnswer(asked, response));
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  seen.status = answer.status;
  write(response, answer);
}

/** The answer, or a broken connection when it takes too long; the work goes on all the same. */
async function inTime(world: World, work: Promise<Answer | 'reset'>): Promise<Answer | 'reset'> {
  const { cutoff } = world.faults;
  if (cutoff === 0) return work;
  let cancel: () => void = () => undefined;
  const late = new Promise<'reset'>((resolve) => {
    cancel = world.timers.after(cutoff, () => resolve('reset'));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}

/** The page, the health check and the control routes: no sign-in, no planned failures, not counted. */
async function openAnswer(asked: Request): Promise<Answer> {
  const { match, seen } = asked;
  try {
    return !match || 'allow' in match ? lost(seen.method, seen.path, match?.allow) : await handle(asked, match);
  } catch (error) {
    return flat(error) ?? broken(asked.world, flat, error);
  }
}

async function apiAnswer(asked: Request, response: ServerResponse): Promise<Answer | 'reset'> {
  const { world, face, seen, match } = asked;
  const { faults } = world;
  faults.note(seen);
  if (faults.latency > 0) await world.timers.sleep(faults.latency);
  const fault = faults.take(seen.method, seen.path);
  if (fault && !fault.after) return faulty(face, fault);
  let answer: Answer;
  try {
    for (const [name, value] of Object.entries(faults.admit())) response.setHeader(name, value);
    if (!match || 'allow' in match) answer = face.lost(seen.method, seen.path, match?.allow);
    else answer = await handle(asked, match);
  } catch (error) {
    answer = face.refusal(error) ?? broken(world, face.refusal, error);
  }
  return fault ? faulty(face, fault) : answer;
}

function faulty(face: Face, fault: Fault): Answer | 'reset' {
  const { status, headers, body } = fault;
  return fault.reset ? 'reset' : { status, headers, body: body ?? face.faultBody(fault) };
}

async function handle({ world, face, request, url, body, seen }: Request, match: Found): Promise<Answer> {
  refusePages(request);
  const caller = match.route.open ? NOBODY : face.callerOf(request.headers);
  const call: Call = {
    method: seen.method,
    path: url.pathname,
    params: match.params,
    query: url.searchParams,
    headers: request.headers,
    ...(await body),
    caller,
  };
  const work = async (): Promise<Answer> => match.route.handler(call);
  const key = world.settings.idempotency && seen.method !== 'GET' ? seen.idempotencyKey : undefined;
  return key ? world.memory.once(key, `${seen.method} ${seen.path}`, work) : work();
}

/** What nobody planned, told in the log and to the caller. */
function broken(world: World, refusal: Face['refusal'], error: unknown): Answer {
  world.settings.log(`failed: ${error instanceof Error ? error.stack : String(error)}`);
  return refusal(new Problem(500, 'The sandbox failed')) ?? { status: 500 };
}

/** Lets a socket in, or refuses the handshake with an ordinary answer. */
async function upgrade(
  world: World,
  face: Face,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): Promise<void> {
  const url = urlOf(request);
  if (world.faults.latency > 0) await world.timers.sleep(world.faults.latency);
  const fault = world.faults.take('GET', url.pathname, true);
  if (fault?.reset) {
    request.socket.resetAndDestroy();
    return;
  }
  let welcome: Welcome;
  try {
    if (fault) throw new Problem(fault.status, 'A failure that was asked for', { headers: fault.headers });
    refusePages(request);
    welcome = url.pathname === PAGE_SOCKET ? pageSocket(world, request) : face.admit(url, request.headers);
  } catch (error) {
    refuse(stream, face.refusal(error) ?? broken(world, face.refusal, error));
    return;
  }
  welcome(request, stream, head);
}

/** The chat page looks on through a socket of the documented API, whichever contract is served. */
function pageSocket(world: World, request: IncomingMessage): Welcome {
  refuseStrangers(request);
  return (given, stream, head) => world.hub.accept(given, stream, head, USER);
}
