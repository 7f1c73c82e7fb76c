import http from 'node:http';
import https from 'node:https';
import { sleep } from '../async/sleep';
import { codeOf, readRetryAfter } from '../contract/envelope';
import { safeFileName } from '../contract/json';
import { LinktorError } from '../errors';
import type { Core } from './core';
import type { Peer } from './detect';
import type { CallOptions } from './index';
import { isPrivateAddress, publicOnlyLookup, resolvesToPrivate } from './private-network';
import { delay } from './retry';
import { closedEarly } from './wire';

/** A file that belongs to a message. */
export interface Download {
  data: Buffer;
  mimeType?: string;
  filename?: string;
}

const mostHops = 5;
const passing = new Set([408, 429, 500, 502, 503, 504]);
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Fetch a file from wherever it lies. Our credentials and client certificate go to our own server alone; a foreign
 * address may not lead into a private network, unless our own server is in one. A file that is not there at once is
 * asked for again within the time of one attempt, for a message waits for it.
 * @param address http, https or data; relative to the server
 * @param limit bytes
 * @throws LinktorError `validation` for another kind of address or a file that is too large
 */
export async function download(core: Core, address: string, limit: number, options: CallOptions): Promise<Download> {
  if (address.startsWith('data:')) return inlined(parsed(address, address), limit);
  const peer = await core.detection.peer();
  const url = parsed(address, `${peer.base}/`);
  const patience = (options.timeout ?? core.settings.timeout) * 1000;
  const end = Date.now() + patience;
  const { signal, release } = core.signals.join(options.signal);
  const late = new AbortController();
  const stop = () => late.abort();
  const timer = setTimeout(stop, patience);
  signal.addEventListener('abort', stop, { once: true });
  const work = async (): Promise<Download> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await follow(core, peer, url, limit, late.signal);
      } catch (thrown) {
        const problem = known(thrown);
        const wait = delay(attempt, problem.cause.retryAfter);
        const again = problem.cause.retryable && attempt < core.settings.maxRetries && Date.now() + wait < end;
        if (!again || late.signal.aborted) throw problem;
        await sleep(wait, late.signal);
      }
    }
  };
  try {
    return await core.downloads.run(undefined, work, patience, late.signal);
  } catch (thrown) {
    if (signal.aborted) throw closedEarly();
    if (late.signal.aborted) throw new LinktorError('timeout', 'The file did not come in time.', { retryable: true });
    throw thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    release();
  }
}

async function follow(core: Core, peer: Peer, first: URL, limit: number, signal: AbortSignal): Promise<Download> {
  const home = new URL(peer.base).origin;
  let url = first;
  // Who sends us back may not choose what is read there with our key.
  let isOurs = true;
  for (let hop = 0; hop <= mostHops; hop++) {
    isOurs &&= url.origin === home;
    const response = await ask(core, peer, url, isOurs, signal);
    const { statusCode: status = 0, headers } = response;
    if (status >= 200 && status < 300) {
      return { ...about(headers, url), data: await whole(response, limit) };
    }
    response.destroy();
    if (!redirects.has(status) || !headers.location) throw refused(status, headers);
    const next = parsed(headers.location, url.href);
    if (next.protocol !== 'https:' && next.protocol !== url.protocol) throw unusable();
    url = next;
  }
  throw new LinktorError('unexpected', 'The file is behind too many redirects.');
}

async function ask(
  core: Core,
  peer: Peer,
  url: URL,
  isOurs: boolean,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const headers: Record<string, string> = { accept: '*/*', 'accept-encoding': 'identity' };
  const badge = isOurs ? await core.credentials.current() : undefined;
  if (badge) Object.assign(headers, peer.contract.authHeaders(badge));
  const guarded = !isOurs && !(await resolvesToPrivate(new URL(peer.base).hostname));
  const agents = isOurs ? await core.agents() : await core.elsewhere(url.origin);
  // A proxy asks for the address itself: what the name means here is the best that there is to go by.
  const proxied = agents.realtime !== undefined;
  if (guarded && (isPrivateAddress(url.hostname) || (proxied && (await resolvesToPrivate(url.hostname)))))
    throw inside();
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      agent: agents.rest,
      headers,
      signal,
      ...(guarded && !proxied && { lookup: publicOnlyLookup }),
    });
    asked.on('response', resolve);
    asked.on('error', reject);
    if (!isOurs) asked.on('close', () => agents.destroy());
    asked.end();
  });
}

async function whole(response: http.IncomingMessage, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  const announced = Number(response.headers['content-length'] ?? 0);
  try {
    if (announced > limit) throw tooLarge(limit);
    for await (const piece of response) {
      size += (piece as Buffer).length;
      if (size > limit) throw tooLarge(limit);
      pieces.push(piece as Buffer);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(pieces);
}

async function inlined(url: URL, limit: number): Promise<Download> {
  if (url.href.length > limit * 3) throw tooLarge(limit);
  try {
    const answer = await fetch(url);
    const data = Buffer.from(await answer.arrayBuffer());
    if (data.length > limit) throw tooLarge(limit);
    return { data, mimeType: answer.headers.get('content-type') ?? undefined };
  } catch (thrown) {
    if (thrown instanceof LinktorError) throw thrown;
    throw unusable();
  }
}

function about({ 'content-type': type, 'content-disposition': disposition }: http.IncomingHttpHeaders, url: URL) {
  const named = /filename="?([^";]+)/i.exec(disposition ?? '')?.[1] ?? url.pathname;
  return { mimeType: type?.split(';', 1)[0]?.trim(), filename: safeFileName(named) };
}

function parsed(address: string, base: string): URL {
  const url = address.trim() !== '' && URL.canParse(address, base) ? new URL(address, base) : undefined;
  if (url && ['http:', 'https:', 'data:'].includes(url.protocol)) return url;
  throw unusable();
}

/** No address is ever quoted: it may hold a signature that opens the file to everybody. */
function unusable(): LinktorError {
  return new LinktorError('validation', 'The file has no address that can be fetched: it must be http, https or data.');
}

function inside(): LinktorError {
  return new LinktorError('validation', 'The address of the file leads into a private network.');
}

function tooLarge(limit: number): LinktorError {
  const most = Math.round((limit / 1024 / 1024) * 1000) / 1000;
  return new LinktorError('validation', `The file is larger than ${most} MB.`, { hint: 'Raise the limit.' });
}

function refused(status: number, headers: http.IncomingHttpHeaders): LinktorError {
  const wait = readRetryAfter({ 'retry-after': headers['retry-after'] }, [], Date.now());
  return new LinktorError(codeOf(status), `The file could not be fetched: its server answered ${status}.`, {
    status,
    retryAfter: wait,
    retryable: passing.has(status),
    hint: 'The file may have expired, or be open to others only.',
  });
}

function known(thrown: unknown): LinktorError {
  if (thrown instanceof LinktorError) return thrown;
  const { code } = thrown as { code?: unknown };
  if (code === 'EINSIDE') return inside();
  return new LinktorError('network', `The server of the file did not answer (${String(code ?? 'UNKNOWN')}).`, {
    retryable: true,
  });
}
