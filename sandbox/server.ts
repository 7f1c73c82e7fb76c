import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { readBody } from './body';
import { type Fault, faultBody, type Seen } from './faults';
import { Problem } from './problem';
import type { Answer, Call, Caller, Router } from './router';
import { callerOf, socketCaller } from './signin';
import { TENANT, USER } from './state';
import type { World } from './world';

interface Request {
  world: World;
  request: IncomingMessage;
  url: URL;
  match: ReturnType<Router['find']>;
  seen: Seen;
}

const NOBODY: Caller = { userId: USER, tenantId: TENANT };
const OPEN_ROOMS = /^\/(?:$|health$|_sandbox(?:\/|$))/;

/** The HTTP server of one sandbox, not yet listening. */
export function serverFor(world: World, router: Router): Server {
  const server = createServer((request, response) => {
    respond(world, router, request, response).catch((error: unknown) => {
      world.settings.log(`could not answer: ${String(error)}`);
      response.destroy();
    });
  });
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    upgrade(world, request, stream, head).catch(() => stream.destroy());
  });
  return server;
}

async function respond(
  world: World,
  router: Router,
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
  const asked: Request = { world, request, url, match: router.find(method, url.pathname), seen };
  const given = request.headers['x-request-id'];
  response.setHeader('X-Request-ID', typeof given === 'string' && given !== '' ? given : randomUUID());
  const answer = OPEN_ROOMS.test(url.pathname) ? await openAnswer(asked) : await apiAnswer(asked, response);
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  seen.status = answer.status;
  write(response, answer);
}

/** The path is taken as it came: two slashes at its start must not be read as a host. */
function urlOf({ url = '/' }: IncomingMessage): URL {
  return new URL(`http://sandbox${url.startsWith('/') ? url : '/'}`);
}

/** The page, the health check and the control routes: no sign-in, no planned failures, not counted. */
async function openAnswer(asked: Request): Promise<Answer> {
  try {
    return await handle(asked);
  } catch (error) {
    return problemAnswer(asked.world, error);
  }
}

async function apiAnswer(asked: Request, response: ServerResponse): Promise<Answer | 'reset'> {
  const { world, seen } = asked;
  const { faults } = world;
  faults.note(seen);
  if (faults.latency > 0) await world.timers.sleep(faults.latency);
  const fault = faults.take(seen.method, seen.path);
  if (fault && !fault.after) return faulty(fault);
  let answer: Answer;
  try {
    for (const [name, value] of Object.entries(faults.admit())) response.setHeader(name, value);
    answer = await handle(asked);
  } catch (error) {
    answer = problemAnswer(world, error);
  }
  return fault ? faulty(fault) : answer;
}

function faulty(fault: Fault): Answer | 'reset' {
  return fault.reset ? 'reset' : { status: fault.status, headers: fault.headers, body: faultBody(fault) };
}

async function handle({ world, request, url, match, seen }: Request): Promise<Answer> {
  if (!match) throw new Problem(404, `There is nothing at ${url.pathname}`);
  if ('allow' in match) {
    const Allow = match.allow.join(', ');
    throw new Problem(405, `${seen.method} is not possible here`, { headers: { Allow } });
  }
  const caller = match.route.open ? NOBODY : callerOf(world.state, request.headers);
  const { body, files } = await readBody(request);
  const call: Call = {
    method: seen.method,
    path: url.pathname,
    params: match.params,
    query: url.searchParams,
    headers: request.headers,
    body,
    files,
    caller,
  };
  const work = async (): Promise<Answer> => match.route.handler(call);
  const key = world.settings.idempotency && seen.method !== 'GET' ? seen.idempotencyKey : undefined;
  return key ? world.memory.once(key, `${seen.method} ${seen.path}`, work) : work();
}

function problemAnswer(world: World, error: unknown): Answer {
  if (error instanceof Problem) return { status: error.status, headers: error.headers, body: error.body() };
  world.settings.log(`failed: ${error instanceof Error ? error.stack : String(error)}`);
  return { status: 500, body: new Problem(500, 'The sandbox failed').body() };
}

function write(response: ServerResponse, { status, body, headers = {}, events }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (events) {
    response.setHeader('Content-Type', 'text/event-stream');
    response.setHeader('Cache-Control', 'no-cache');
    for (const event of events) response.write(`data: ${event}\n\n`);
    response.end();
    return;
  }
  if (body === undefined) {
    response.end();
    return;
  }
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  if (!response.hasHeader('Content-Type')) {
    response.setHeader('Content-Type', typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
  }
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** Lets a socket in, or refuses the handshake with an ordinary answer. */
async function upgrade(world: World, request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
  const { pathname, searchParams } = urlOf(request);
  if (world.faults.latency > 0) await world.timers.sleep(world.faults.latency);
  const fault = world.faults.take('GET', pathname, true);
  if (fault?.reset) {
    request.socket.resetAndDestroy();
    return;
  }
  try {
    if (fault) throw new Problem(fault.status, 'A failure that was asked for', { headers: fault.headers });
    if (pathname !== '/ws') throw new Problem(404, `There is no socket at ${pathname}`);
    const { userId } = socketCaller(world.state, searchParams);
    world.hub.accept(request, stream, head, userId);
  } catch (error) {
    const { status, headers = {}, body } = problemAnswer(world, error);
    const text = JSON.stringify(body);
    const lines = Object.entries({
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      ...headers,
    });
    const start = [
      `HTTP/1.1 ${status} Refused`,
      'Connection: close',
      ...lines.map(([name, value]) => `${name}: ${value}`),
    ];
    stream.end(`${start.join('\r\n')}\r\n\r\n${text}`);
  }
}
