import { setMaxListeners } from 'node:events';
import { LinktorClient } from '../lib/client';
import { startSandbox } from '../sandbox';
import { API_KEY } from '../sandbox/state';

/**
 * X-RateLimit-Reset is in whole seconds, and a window of the sandbox begins with its first request: a client that keeps to the
 * header loses up to a second per window. That is 2 % of a minute and would be 17 % of five seconds, hence ten.
 */
export const limit = { perWindow: 600, milliseconds: 10_000, windows: 6 };

export interface LimitOutcome {
  /** of what the limit allows, from the first send to the first one beyond the last window */
  used: number;
  /** answers 429, of all requests */
  refused: number;
  /** calls that failed */
  givenUp: number;
}

/** Fifty senders who do not stop, through one client, against a tenant's limit. */
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
