import http from 'node:http';
import https from 'node:https';
import { fence } from '../async/fence';
import { sleep } from '../async/sleep';
import { codeOf, readRetryAfter } from '../contract/envelope';
import { safeFileName } from '../contract/json';
import { abortedError, LinktorError } from '../errors';
import type { Core } from './core';
import type { Peer } from './detect';
import { refuseFragments } from './fragments';
import type { DownloadOptions } from './options';
import { isMetadataAddress, isPrivateAddress, lookupExcept, resolvesTo } from './private-network';
import { delay } from './retry';
import type { FileProgress } from './slow-files';

/** A file that belongs to a message. */
export interface Download {
  data: Buffer;
  mimeType?: string;
  filename?: string;
}

const MAX_REDIRECTS = 5;
const TRANSIENT_STATUSES = new Set([408, 429, 500, 502, 503, 504]);
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

/**
 * Fetch a file from any URL. The client certificate is sent only to our own server, credentials only to its files
 * (`/media`, `/files`, `/uploads` and the like). A foreign URL must not lead into a private network, unless our own
 * server is in one, and never to the metadata service of a cloud. A missing file is requested again within the time of
 * one attempt.
 * @param address an http, https or data URL; a relative one is relative to the server
 * @param limit bytes
 * @throws LinktorError `validation` for another kind of URL or a file that is too large, `timeout` after the time of
 * one attempt, else the code of the other server's answer
 */
export async function download(
  core: Core,
  address: string,
  limit: number,
  options: DownloadOptions,
): Promise<Download> {
  if (/^\s*data:/i.test(address)) return decodeDataUrl(parseAddress(address, address), limit);
  const peer = await core.detection.peer();
  const url = parseAddress(address, `${peer.base}/`);
  const timeoutMs = (options.timeout ?? core.settings.timeout) * 1000;
  const end = Date.now() + timeoutMs;
  const { signal, release } = core.signals.join(options.signal);
  const expiry = new AbortController();
  const stop = () => expiry.abort();
  const timer = setTimeout(stop, timeoutMs);
  signal.addEventListener('abort', stop, { once: true });
  const attempts = async (progress: FileProgress): Promise<Download> => {
    for (let attempt = 0; ; attempt++) {
      try {
        progress.restart();
        return await follow(core, peer, url, limit, expiry.signal, progress);
      } catch (thrown) {
        const problem = toDownloadError(thrown);
        const wait = delay(attempt, problem.cause.retryAfter);
        const again = problem.cause.retryable && attempt < core.settings.maxRetries && Date.now() + wait < end;
        if (!again || expiry.signal.aborted) throw problem;
        await sleep(wait, expiry.signal);
      }
    }
  };
  const work = async (yieldSlot: () => void): Promise<Download> => {
    const progress = core.slowFiles.watch(yieldSlot, stop);
    try {
      return await attempts(progress);
    } finally {
      progress.end();
    }
  };
  try {
    const turn = { owner: options.owner ?? '', host: url.host };
    return await core.downloads.run(turn, work, timeoutMs, expiry.signal);
  } catch (thrown) {
    if (signal.aborted) throw abortedError('sent');
    if (expiry.signal.aborted) throw new LinktorError('timeout', 'The file did not come in time.', { retryable: true });
    throw thrown;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    release();
  }
}

async function follow(
  core: Core,
  peer: Peer,
  first: URL,
  limit: number,
  signal: AbortSignal,
  progress: FileProgress,
): Promise<Download> {
  const home = new URL(peer.base).origin;
  let url = first;
  // A foreign server that redirects back to ours must not choose a resource that is read with our key.
  let isOurs = true;
  let isFile = true;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    isOurs &&= url.origin === home;
    isFile &&= isFilePath(url, peer.base);
    const response = await ask(core, peer, url, { isOurs, isFile }, signal);
    const { statusCode: status = 0, headers } = response;
    if (status >= 200 && status < 300) {
      return { ...describe(headers, url), data: await readBody(response, limit, progress) };
    }
    response.destroy();
    if (!REDIRECT_STATUSES.has(status) || !headers.location) throw refusedDownload(status, headers);
    const next = parseAddress(headers.location, url.href);
    if (next.protocol !== 'https:' && next.protocol !== url.protocol) throw unusableAddress();
    url = next;
  }
  throw new LinktorError('unexpected', 'The file is behind too many redirects.');
}

async function ask(
  core: Core,
  peer: Peer,
  url: URL,
  { isOurs, isFile }: { isOurs: boolean; isFile: boolean },
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  const headers: Record<string, string> = { accept: '*/*', 'accept-encoding': 'identity' };
  const credentials = isOurs && isFile ? await core.credentials.current() : undefined;
  if (credentials) Object.assign(headers, peer.contract.authHeaders(credentials));
  const isForbidden = isOurs ? undefined : await forbiddenBeside(new URL(peer.base).hostname);
  const agents = isOurs ? await core.agents() : await core.foreignAgents(url.origin);
  // A proxy resolves the name itself; only addresses resolved on this machine can be checked.
  const proxied = agents.realtime !== undefined;
  if (isForbidden?.(url.hostname) || (isForbidden && proxied && (await resolvesTo(isForbidden, url.hostname))))
    throw privateAddress();
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      agent: agents.rest,
      headers,
      signal,
      ...(isForbidden && !proxied && { lookup: lookupExcept(isForbidden) }),
    });
    asked.on(
      'response',
      fence((response) => {
        refuseFragments(response);
        resolve(response);
      }),
    );
    asked.on('error', reject);
    if (!isOurs) asked.on('close', () => agents.destroy());
    asked.end();
  });
}

/** A server in a private network may keep its files there, but nothing that tells secrets is a file. */
async function forbiddenBeside(hostname: string): Promise<(address: string) => boolean> {
  return (await resolvesTo(isPrivateAddress, hostname)) ? isMetadataAddress : isPrivateAddress;
}

/** File folders of servers: the first path segment below the server's base URL. */
const FILE_FOLDERS = new Set([
  'files',
  'file',
  'media',
  'uploads',
  'upload',
  'attachments',
  'storage',
  'static',
  'assets',
]);

/**
 * Customers choose the URLs of files, so only file URLs are fetched with the account's key. The server may interpret an
 * encoded slash or dot as another path.
 */
function isFilePath({ pathname }: URL, base: string): boolean {
  if (/%(?:2e|2f|5c|25|00)/i.test(pathname) || pathname.includes('//') || pathname.includes('\\')) return false;
  const roots = [new URL(base).pathname, '/'].map((root) => (root.endsWith('/') ? root : `${root}/`));
  return roots.some((root) => {
    if (!pathname.startsWith(root)) return false;
    const [folder = '', ...rest] = pathname.slice(root.length).split('/');
    return FILE_FOLDERS.has(folder.toLowerCase()) && rest.some((segment) => segment !== '');
  });
}

async function readBody(response: http.IncomingMessage, limit: number, progress: FileProgress): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  const announced = Number(response.headers['content-length'] ?? 0);
  try {
    if (announced > limit) throw tooLarge(limit);
    for await (const piece of response) {
      size += (piece as Buffer).length;
      progress.add((piece as Buffer).length);
      if (size > limit) throw tooLarge(limit);
      pieces.push(piece as Buffer);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(pieces);
}

async function decodeDataUrl(url: URL, limit: number): Promise<Download> {
  if (url.href.length > limit * 3) throw tooLarge(limit);
  try {
    const answer = await fetch(url);
    const data = Buffer.from(await answer.arrayBuffer());
    if (data.length > limit) throw tooLarge(limit);
    return { data, mimeType: answer.headers.get('content-type') ?? undefined };
  } catch (thrown) {
    if (thrown instanceof LinktorError) throw thrown;
    throw unusableAddress();
  }
}

function describe({ 'content-type': type, 'content-disposition': disposition }: http.IncomingHttpHeaders, url: URL) {
  const named = /filename="?([^";]+)/i.exec(disposition ?? '')?.[1] ?? url.pathname;
  return { mimeType: type?.split(';', 1)[0]?.trim(), filename: safeFileName(named) };
}

function parseAddress(address: string, base: string): URL {
  // Some channels provide an id in place of a URL: as a relative path it could name any resource of the server.
  if (/^[\w=-]+$/.test(address.trim())) throw mediaId();
  const url = address.trim() !== '' && URL.canParse(address, base) ? new URL(address, base) : undefined;
  if (url && ['http:', 'https:', 'data:'].includes(url.protocol)) return url;
  throw unusableAddress();
}

/** The message never quotes a URL: it may contain a signature that gives access to the file. */
function unusableAddress(): LinktorError {
  return new LinktorError('validation', 'The file has no address that can be fetched: it must be http, https or data.');
}

/** The self-hosted server passes on the media ids of WhatsApp and Telegram unchanged (contract 8.1). */
function mediaId(): LinktorError {
  return new LinktorError('not_supported', 'The channel gives the id of this file and no address to fetch it from.', {
    hint: 'Fetch it from the provider of the channel: its id is the "url" of the attachment.',
  });
}

function privateAddress(): LinktorError {
  return new LinktorError('validation', 'The address of the file leads into a private network.');
}

function tooLarge(limit: number): LinktorError {
  const most = Math.round((limit / 1024 / 1024) * 1000) / 1000;
  return new LinktorError('validation', `The file is larger than ${most} MB.`, { hint: 'Raise the limit.' });
}

function refusedDownload(status: number, headers: http.IncomingHttpHeaders): LinktorError {
  const wait = readRetryAfter({ 'retry-after': headers['retry-after'] }, [], Date.now());
  return new LinktorError(codeOf(status), `The file could not be fetched: its server answered ${status}.`, {
    status,
    retryAfter: wait,
    retryable: TRANSIENT_STATUSES.has(status),
    hint: 'The file may have expired, or be open to others only.',
  });
}

function toDownloadError(thrown: unknown): LinktorError {
  if (thrown instanceof LinktorError) return thrown;
  const { code } = thrown as { code?: unknown };
  if (code === 'EINSIDE') return privateAddress();
  return new LinktorError('network', `The server of the file did not answer (${String(code ?? 'UNKNOWN')}).`, {
    retryable: true,
  });
}
