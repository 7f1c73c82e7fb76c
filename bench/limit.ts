import { setMaxListeners } from 'node:events';
import { LinktorClient } from '../lib/client';
import { startSandbox } from '../sandbox';
import { API_KEY } from '../sandbox/state';

/**
 * X-RateLimit-Reset is in whole seconds, and a window of the sandbox begins with its first request, so a client that
 * obeys the header loses up to a second per window: 2 % of a minute, but 17 % of five seconds. Hence ten seconds.
 */
export const limit = { perWindow: 600, milliseconds: 10_000, windows: 6 };

export interface LimitOutcome {
  /** share of the limit that was used, from the first send to the first one beyond the last window */
  used: number;
  /** share of requests answered with 429 */
  refused: number;
  /** calls that failed */
  givenUp: number;
}

/** Run fifty continuous senders through one client, against the rate limit of a tenant. */
export async function underLimit(baseUrl: string): Promise<LimitOutcome> {
  const client = new LinktorClient({ baseUrl, apiKey: API_KEY });
  const contact = await client.contacts.create({ name: 'Bench' });
  const conversations: string[] = [];
  for (let at = 0; at < 50; at++) {
    const { id } = await client.conversations.create({ channelId: 'ch_webchat', contactId: contact.id });
    conversations.push(id);
  }
  const control = async (path: string, body?: object) =>
    (await client.request({ method: body ? 'POST' : 'GET', path: `/_sandbox/${path}`, body })).body;
  const requests = async () => ((await control('state')) as { counts: { requests: number } }).counts.requests;
  const before = await requests();
  await control('limit', { perMinute: limit.perWindow, windowMs: limit.milliseconds });

  const allowed = limit.perWindow * limit.windows;
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const scoped = client.with({ signal: over.signal });
  const start = Date.now();
  let time = 0;
  let taken = 0;
  let givenUp = 0;
  await Promise.all(
    conversations.map(async (id) => {
      while (!over.signal.aborted) {
        try {
          await scoped.conversations.send(id, { type: 'text', text: `message ${taken}` });
          if (taken++ !== allowed) continue;
          time = Date.now() - start;
          over.abort();
        } catch {
          if (!over.signal.aborted) givenUp++;
        }
      }
    }),
  );
  const asked = (await requests()) - before;
  await client.close();
  return { used: (limit.milliseconds * limit.windows) / time, refused: (asked - taken) / asked, givenUp };
}

/** @returns the URL of a sandbox in this process */
export async function startLimited(): Promise<string> {
  return (await startSandbox()).url;
}
