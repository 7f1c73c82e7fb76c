import { LinktorClient } from '../../lib/client';
import type { Contact, Outgoing, Page } from '../../lib/model';

type Answer = (client: LinktorClient, ids: string[], query: URLSearchParams, body: Record<string, unknown>) => unknown;

const listed = ({ items, total }: Page<unknown>) => ({ data: items, pagination: { total } });

/** Requests of tests to the documented API, each with its equivalent on the self-hosted server. */
const answers: [RegExp, Answer][] = [
  [
    /^GET \/conversations\/([^/]+)\/messages\/([^/]+)$/,
    (client, [id = '', of = '']) => client.conversations.message(id, of),
  ],
  [
    /^GET \/conversations\/([^/]+)\/messages$/,
    async (client, [id = ''], query) => {
      const page = await client.conversations.messages(id);
      if (query.get('sortOrder') === 'asc') page.items.reverse();
      return listed(page);
    },
  ],
  [
    /^POST \/conversations\/([^/]+)\/messages$/,
    (client, [id = ''], _query, body) =>
      client.conversations.send(id, { type: String(body.contentType ?? 'text'), ...body } as Outgoing),
  ],
  [/^GET \/auth\/me$/, (client) => client.auth.me()],
  [/^PATCH \/conversations\/([^/]+)$/, (client, [id = ''], _query, body) => client.conversations.update(id, body)],
  [/^POST \/conversations$/, (client, _ids, _query, body) => client.conversations.create(body)],
  [
    /^GET \/contacts\/([^/]+)\/conversations$/,
    async (client, [id = '']) => listed(await client.contacts.conversations(id)),
  ],
  [/^GET \/contacts\/([^/]+)$/, (client, [id = '']) => client.contacts.get(id)],
  [
    /^GET \/contacts$/,
    async (client, _ids, query) => {
      const limit = Number(query.get('limit') ?? 100);
      const page = await client.contacts.list({ limit, search: query.get('search') ?? undefined });
      // Contacts in a list lack their channel identifiers.
      const whole = await Promise.all(page.items.map(({ id }): Promise<Contact> => client.contacts.get(id)));
      return listed({ ...page, items: whole });
    },
  ],
  [/^POST \/contacts$/, (client, _ids, _query, body) => client.contacts.create(body)],
  [/^POST \/channels$/, (client, _ids, _query, body) => client.channels.create(body)],
  [/^POST \/channels\/([^/]+)\/connect$/, (client, [id = '']) => client.channels.connect(id)],
];

/** Send a request of the documented API to a self-hosted server. @returns the response in the API's format */
export async function askHosted(baseUrl: string, method: string, asked: string, body: object = {}): Promise<unknown> {
  const { pathname, searchParams } = new URL(asked, baseUrl);
  const line = `${method} ${pathname}`;
  const [pattern, answer] = answers.find(([known]) => known.test(line)) ?? [];
  if (!pattern || !answer) throw new Error(`the self-hosted server is not asked ${line}`);
  const client = new LinktorClient({ baseUrl, contract: 'server', email: 'demo@linktor.local', password: 'sandbox' });
  try {
    return await answer(client, pattern.exec(line)?.slice(1) ?? [], searchParams, { ...body });
  } finally {
    await client.close();
  }
}
