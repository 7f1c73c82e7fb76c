import { createHash } from 'node:crypto';
import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError } from '../../../lib/errors';
import type { NatsSettings } from '../../../lib/realtime/index';
import type { fields } from '../../linktor-config';
import type { Values } from '../fields';
import type { RED } from '../red';

type NatsFields = Pick<Values<typeof fields>, 'contract' | 'eventsFrom' | 'natsUrl' | 'natsUser' | 'natsSecret'>;

/**
 * Return the name of the account's durable consumer. It is stable across restarts and unique to one Node-RED, because
 * all users of a consumer share its events.
 * @param id of the config node
 */
export function consumerName(red: RED, id: string, baseUrl: string): string {
  const { instanceId, userDir } = red.settings;
  const parts = [baseUrl.replace(/\/+$/, '').toLowerCase(), id, String(instanceId ?? userDir ?? '')];
  return `linktor-node-red-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`;
}

/** @returns the NATS settings of the account; undefined when its events come another way */
export function natsOf(
  settings: NatsFields,
  natsTls: object | undefined,
  consumer: string,
  client: () => LinktorClient,
): NatsSettings | undefined {
  const { contract, eventsFrom, natsUrl, natsUser, natsSecret } = settings;
  if (eventsFrom !== 'nats' || contract === 'api') return undefined;
  let tenant: Promise<string> | undefined;
  return {
    url: natsUrl,
    user: natsUser,
    secret: natsSecret,
    ...(natsTls && { tls: natsTls }),
    consumer,
    tenant() {
      tenant ??= tenantOf(client()).catch((error: unknown) => {
        tenant = undefined;
        throw error;
      });
      return tenant;
    },
  };
}

async function tenantOf(client: LinktorClient): Promise<string> {
  const { tenantId } = await client.auth.me();
  if (typeof tenantId === 'string' && tenantId !== '') return tenantId;
  throw new LinktorError('serialization', 'The server does not say which organisation the account belongs to.');
}
