import { strict as assert } from 'node:assert';
import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load, YAML11_SCHEMA } from 'js-yaml';
import { fields } from '../../nodes/linktor-config';
import type { AccountFacts } from '../../nodes/sidebar/types';
import { type Sandbox, startSandbox } from '../../sandbox';
import { linkPackage, Red, removeFolder, root, Shop, temporaryFolder, until } from '../support/red';
import { StoreServer, storeServerPath } from '../support/store';

interface Service {
  image?: string;
  build?: { dockerfile_inline: string };
  hostname?: string;
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  configs?: { source: string; target: string }[];
  depends_on?: string[] | Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

interface Compose {
  services: Record<string, Service>;
  configs: Record<string, { content: string }>;
  volumes: Record<string, null>;
}

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const compose = load(read('docs/docker-compose.yml'), { schema: YAML11_SCHEMA }) as Compose;
const { services, configs, volumes } = compose;
const instances = Object.entries(services).filter(([, { build }]) => build);

/** The account as the guide fills it in: the stored names of its fields, by the words of the dialog. */
function accountOfGuide(): Record<string, string> {
  const section = /^## With Docker Compose$[\s\S]*?(?=^## )/m.exec(read('docs/scaling.md'))?.[0] ?? '';
  const words = JSON.parse(read('locales/en-US/linktor.json'))['linktor-config'].field as Record<string, string>;
  return Object.fromEntries(
    [...section.matchAll(/^\| \*\*(.+?)\*\* \| [`*](.+?)[`*] \|$/gm)].map(([, label, value = '']) => {
      const field = Object.keys(words).find((name) => words[name] === label);
      assert.ok(field && field in fields, `There is no field "${label}".`);
      return [field, value];
    }),
  );
}

describe('docs/docker-compose.yml', () => {
  const account = accountOfGuide();

  it('has two Node-REDs, a store and a load balancer, each of a certain version', () => {
    assert.deepEqual(Object.keys(services), ['node-red-a', 'node-red-b', 'store', 'webhooks']);
    assert.equal(instances.length, 2);
    for (const [name, { image, build }] of Object.entries(services)) {
      const from = image ?? /^FROM (\S+)$/m.exec(build?.dockerfile_inline ?? '')?.[1] ?? '';
      assert.match(from, /^[\w./-]+:\d[\w.-]*$/, name);
    }
    const { name } = JSON.parse(read('package.json')) as { name: string };
    for (const [, { build }] of instances)
      assert.ok(build?.dockerfile_inline.includes(`npm install`) && build.dockerfile_inline.includes(name));
  });

  it('names nothing that it does not have: volumes, configurations, services', () => {
    const mounted = Object.values(services).flatMap((one) =>
      (one.volumes ?? []).map((text) => text.split(':')[0]).filter((one) => !one?.startsWith('./')),
    );
    assert.deepEqual([...new Set(mounted)].sort(), Object.keys(volumes).sort());
    const used = Object.values(services).flatMap((one) => (one.configs ?? []).map(({ source }) => source));
    assert.deepEqual([...new Set(used)].sort(), Object.keys(configs).sort());
    for (const { depends_on: needs = [] } of Object.values(services))
      for (const name of Array.isArray(needs) ? needs : Object.keys(needs)) assert.ok(services[name], name);
  });

  it('gives the instances the same flows and environment, and a folder and a name of their own', () => {
    const [[, one], [, other]] = instances as [[string, Service], [string, Service]];
    assert.deepEqual(one.environment, other.environment);
    const shared = one.volumes?.filter((volume) => other.volumes?.includes(volume));
    assert.deepEqual(shared, [
      './flows/flows.json:/data/flows.json:ro',
      './flows/flows_cred.json:/data/flows_cred.json:ro',
    ]);
    for (const [name, { hostname, volumes: own = [] }] of instances) {
      assert.equal(hostname, name);
      assert.equal(own.filter((volume) => volume.endsWith(':/data')).length, 1);
    }
  });

  it('publishes the editors on its own machine only, each port once', () => {
    for (const [, { ports = [] }] of instances) for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:1880$/);
    const published = Object.values(services).flatMap(({ ports = [] }) => ports.map((port) => port.split(':').at(-2)));
    assert.equal(new Set(published).size, published.length);
    assert.equal(services.store?.ports, undefined);
  });

  it('has a store that keeps what it is told, with the password that the instances give', () => {
    const command = services.store?.command ?? [];
    const option = (name: string) => command[command.indexOf(`--${name}`) + 1];
    assert.deepEqual([option('appendonly'), option('maxmemory-policy')], ['yes', 'noeviction']);
    const environment = instances[0]?.[1].environment ?? {};
    assert.equal(option('requirepass'), environment.LINKTOR_STORE_PASSWORD);
    assert.equal(new URL(environment.LINKTOR_STORE ?? '').hostname, 'store');
    assert.ok(services.store?.healthcheck);
  });

  it('passes webhooks, and nothing else, to both instances', () => {
    const { content = '' } = configs.webhooks ?? {};
    const [, port] = /^:(\d+) \{$/m.exec(content) ?? [];
    assert.deepEqual(services.webhooks?.ports, [`${port}:${port}`]);
    const [, prefix, upstreams = ''] = /handle (\S+) \{\s+reverse_proxy (.+) \{/.exec(content) ?? [];
    assert.equal(prefix, '/linktor/*');
    assert.deepEqual(
      upstreams.split(' '),
      instances.map(([name]) => `${name}:1880`),
    );
  });

  it('sets every variable that the guide puts into the account', () => {
    const named = Object.values(account).flatMap((value) => /^\$\{(\w+)\}$/.exec(value)?.[1] ?? []);
    const set = Object.keys(instances[0]?.[1].environment ?? {}).filter((name) => name.startsWith('LINKTOR_'));
    assert.deepEqual(named.sort(), set.sort());
  });

  describe('with its settings', function () {
    this.timeout(60_000);
    let store: StoreServer;
    let sandbox: Sandbox;
    const reds: Red[] = [];
    const folders: string[] = [];

    before(async function () {
      const file = await storeServerPath();
      if (!file) return this.skip();
      store = await StoreServer.start(file, ['--requirepass', 'store-password']);
      sandbox = await startSandbox();
    });
    after(async () => {
      for (const red of reds) await red.stop();
      for (const folder of folders) removeFolder(folder);
      await sandbox?.close();
      await store?.close();
    });

    /** Start a Node-RED as its container would, with these files in its folder; without any it may be edited. */
    async function start(name: string, files: string[]): Promise<Red> {
      const environment: Record<string, string> = {
        ...instances[0]?.[1].environment,
        ...{ CREDENTIAL_SECRET: 'secret', LINKTOR_URL: sandbox.url, LINKTOR_KEY: 'sandbox-key' },
        ...{ LINKTOR_WEBHOOK_SECRET: '', LINKTOR_STORE: store.url, LINKTOR_STORE_PASSWORD: 'store-password' },
      };
      const userDir = temporaryFolder();
      folders.push(userDir);
      linkPackage(userDir);
      for (const file of files) copyFileSync(file, path.join(userDir, path.basename(file)));
      const code = `
        Object.assign(process.env, ${JSON.stringify(environment)});
        require('node:os').hostname = () => ${JSON.stringify(name)};
        const own = module.exports;
        ${configs.settings?.content}
        module.exports = { ...own, ...module.exports };
        ${files.length === 0 ? 'delete module.exports.adminAuth;' : ''}`;
      const red = await Red.start({ userDir, code });
      reds.push(red);
      return red;
    }

    it('one instance leads, the other one has read its flows and stands by', async () => {
      const { apiKey, webhookSecret, storePassword, instances: several, ...settings } = account;
      assert.equal(several, 'several');
      const place = { z: 'tab', x: 100, y: 100 };
      const built = await start('builder', []);
      await built.deploy([
        { id: 'tab', type: 'tab' },
        {
          ...{ id: 'account', type: 'linktor-config', instances: several, ...settings },
          credentials: { apiKey, webhookSecret, storePassword },
        },
        { id: 'in', type: 'linktor-message-in', ...place, config: 'account', conversations: 'all', wires: [['send']] },
        { id: 'send', type: 'linktor-send', ...place, config: 'account', wires: [[]] },
      ]);
      const files = ['flows.json', 'flows_cred.json'].map((name) => path.join(built.userDir, name));
      assert.doesNotMatch(readFileSync(files[0] as string, 'utf8'), /sandbox-key|store-password/);
      await built.stop();
      const first = await start('node-red-a', files);
      await first.program.printed(/node-red-a leads/);
      const second = await start('node-red-b', files);
      await second.program.printed(/standby: node-red-a leads/);
      const refused = await second.ask('POST', '/flows', []);
      assert.equal(refused.status, 401);
      const { json } = await second.ask('GET', '/linktor/accounts');
      assert.deepEqual(
        (json as { accounts: AccountFacts[] }).accounts.map(({ state, leader }) => [state, leader]),
        [['standby', 'node-red-a']],
      );
      const shop = new Shop(sandbox.url);
      await shop.heard();
      const conversation = await shop.customerWrites({ name: 'Customer' }, 'Hello?');
      assert.equal((await shop.answered(conversation)).text, 'Hello?');
      await until('one answer', async () => (await shop.ask('GET', '/_sandbox/state')).json.sends.length === 1);
    });
  });
});
