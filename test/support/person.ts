import { LinktorClient } from '../../lib/client';
import { contractUnderTest, type FlowSetup } from './flows';

const COLLEAGUE = { email: 'colleague@linktor.local', password: 'a-colleague', name: 'Carl', role: 'agent' };

/** A colleague who works in Linktor, alongside the flow. */
export function person({ sandbox }: Pick<FlowSetup, 'sandbox'>) {
  const isServer = contractUnderTest === 'server';

  /** On the self-hosted server the colleague is a separate user: sessions of one user cannot be distinguished. */
  async function clientOf(): Promise<LinktorClient> {
    const baseUrl = sandbox.url;
    if (!isServer) return new LinktorClient({ baseUrl, contract: 'api', apiKey: 'sandbox-key' });
    const admin = new LinktorClient({ baseUrl, contract: 'server', email: 'demo@linktor.local', password: 'sandbox' });
    await admin.request({ method: 'POST', path: '/users', body: COLLEAGUE }).catch(() => undefined);
    await admin.close();
    return new LinktorClient({ baseUrl, contract: 'server', email: COLLEAGUE.email, password: COLLEAGUE.password });
  }

  async function does(act: (client: LinktorClient) => Promise<unknown>): Promise<void> {
    const client = await clientOf();
    try {
      await act(client);
    } finally {
      await client.close();
    }
  }

  return {
    writes: (id: string, text: string) => does((client) => client.conversations.sendText(id, text)),
    resolves: (id: string) => does((client) => client.conversations.resolve(id)),
    assigns: (id: string) => does(async (client) => client.conversations.assign(id, (await client.auth.me()).id)),
    unassigns: (id: string) => does((client) => client.conversations.unassign(id)),
    changes: (id: string, changes: Record<string, unknown>) =>
      does((client) => client.conversations.update(id, changes)),
  };
}
