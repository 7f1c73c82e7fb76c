// Who may import whom. CONTRIBUTING.md prints both tables, and rooms.test.ts compares.

export interface Room {
  /** a path, in which ** stands for anything and * for anything without a slash; the first room that fits counts */
  files: string;
  /** what these files may import beside each other; packages are planned below */
  may: readonly string[];
}

const ground = ['lib/errors.ts', 'lib/model.ts'];

export const rooms: readonly Room[] = [
  { files: 'lib/*.ts', may: [] },
  { files: 'lib/async/**', may: ['lib/errors.ts'] },
  { files: 'lib/text/**', may: ['lib/errors.ts', 'node:vm'] },
  {
    files: 'lib/shared/**',
    may: ['lib/errors.ts', 'lib/async/**', 'node:crypto', 'node:perf_hooks', 'node:tls'],
  },
  {
    files: 'lib/ledger/**',
    may: ['lib/errors.ts', 'lib/async/fence.ts', 'lib/shared/connection.ts', 'node:fs', 'node:path'],
  },
  {
    files: 'lib/dialogue/**',
    may: [
      ...ground,
      'lib/async/**',
      'lib/messages/**',
      'lib/people/phone.ts',
      'lib/ledger/index.ts',
      'lib/text/index.ts',
    ],
  },
  { files: 'lib/outbox/**', may: ['lib/errors.ts', 'lib/async/**', 'lib/ledger/index.ts', 'node:crypto'] },
  {
    files: 'lib/charge/**',
    may: [
      ...ground,
      'lib/async/**',
      'lib/dialogue/languages.ts',
      'lib/ledger/index.ts',
      'lib/messages/**',
      'lib/people/phone.ts',
      'lib/text/index.ts',
    ],
  },
  {
    files: 'lib/variables/**',
    may: [...ground, 'lib/async/**', 'lib/ledger/index.ts', 'lib/text/index.ts'],
  },
  {
    files: 'lib/routing/**',
    may: [...ground, 'lib/ai/**', 'lib/client/index.ts', 'lib/text/index.ts'],
  },
  { files: 'lib/messages/**', may: [...ground, 'lib/people/phone.ts', 'lib/text/index.ts'] },
  {
    files: 'lib/files/**',
    may: [...ground, 'lib/async/fence.ts', 'lib/contract/json.ts', 'lib/messages/**', 'lib/client/index.ts', 'node:**'],
  },
  { files: 'lib/contract/**', may: ground },
  { files: 'lib/ai/**', may: [...ground, 'lib/contract/**', 'lib/messages/**', 'lib/text/**'] },
  { files: 'lib/webhooks/**', may: [...ground, 'lib/contract/**', 'node:**'] },
  { files: 'lib/client/**', may: [...ground, 'lib/async/**', 'lib/contract/**', 'node:**'] },
  {
    files: 'lib/realtime/**',
    may: [...ground, 'lib/async/**', 'lib/contract/**', 'lib/ledger/index.ts', 'lib/messages/status.ts'],
  },
  {
    files: 'lib/people/**',
    may: [...ground, 'lib/async/**', 'lib/messages/**', 'lib/text/**', 'lib/client/index.ts', 'node:**'],
  },
  {
    files: 'lib/sending/**',
    may: [
      ...ground,
      'lib/async/**',
      'lib/charge/index.ts',
      'lib/files/index.ts',
      'lib/messages/**',
      'lib/people/**',
      'lib/text/**',
      'lib/client/index.ts',
      'lib/realtime/index.ts',
    ],
  },
  { files: 'nodes/index.ts', may: ['nodes/**'] },
  {
    files: 'nodes/linktor-*.ts',
    may: [
      ...ground,
      'lib/ai/**',
      'lib/messages/**',
      'lib/people/**',
      'lib/*/index.ts',
      'nodes/kit/copy.ts',
      'nodes/kit/define.ts',
      'nodes/kit/fields.ts',
      'nodes/kit/red.ts',
      'nodes/kit/to-msg.ts',
      'nodes/kit/action/**',
      'nodes/kit/dialogue/**',
      'nodes/kit/trigger/**',
    ],
  },
  { files: 'nodes/sidebar/**', may: ['nodes/kit/admin/types.ts', 'nodes/kit/editor/failure-text.ts'] },
  {
    files: 'nodes/kit/editor/**',
    may: [
      'lib/text/pattern-syntax.ts',
      'nodes/kit/define.ts',
      'nodes/kit/fields.ts',
      'nodes/kit/migrations.ts',
      'nodes/kit/outputs.ts',
      'nodes/kit/admin/types.ts',
    ],
  },
  {
    files: 'nodes/kit/**',
    may: [
      ...ground,
      'lib/ai/document.ts',
      'lib/ai/json-schema.ts',
      'lib/messages/**',
      'lib/text/**',
      'lib/*/index.ts',
      'nodes/linktor-config.ts',
      'nodes/sidebar/types.ts',
      'package.json',
      'node:**',
    ],
  },
  { files: 'sandbox/**', may: ['node:**'] },
];

/** Packages, and the files that may import them: each has one door into the product, and its own into the sandbox. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  '@nats-io/jetstream': ['lib/realtime/nats/packages.ts', 'sandbox/**'],
  '@nats-io/transport-node': ['lib/realtime/nats/packages.ts', 'sandbox/**'],
  ajv: ['lib/ai/json-schema.ts'],
  axios: ['lib/client/axios.ts', 'lib/client/transport.ts'],
  'chrono-node': ['lib/dialogue/parse/day.ts'],
  busboy: ['sandbox/**'],
  'file-type': ['lib/files/type.ts'],
  'eventsource-parser': ['lib/client/event-reader.ts'],
  'http-proxy-agent': ['lib/client/agents.ts'],
  'https-proxy-agent': ['lib/client/agents.ts'],
  ioredis: ['lib/shared/connection.ts'],
  'libphonenumber-js': ['lib/people/phone.ts'],
  minisearch: ['sandbox/**'],
  marked: ['lib/text/markup.ts'],
  mustache: ['nodes/kit/template.ts'],
  'proxy-from-env': ['lib/client/agents.ts'],
  re2js: ['lib/text/**'],
  'socks-proxy-agent': ['lib/client/agents.ts'],
  ws: ['lib/realtime/socket/transport.ts', 'sandbox/**'],
};

/** Does a path or a package fit a pattern? */
export function fits(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*|\*/g, (stars) => (stars === '**' ? '.*' : '[^/]*'));
  return new RegExp(`^${source}$`).test(name);
}

/** The tables as CONTRIBUTING.md prints them. */
export function tables(): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  return [
    '| Files | may import, beside each other |',
    '| --- | --- |',
    ...rooms.map(({ files, may }) => `| \`${files}\` | ${may.length > 0 ? code(may) : 'nothing'} |`),
    '',
    '| Package | enters by |',
    '| --- | --- |',
    ...Object.entries(doors).map(([name, files]) => `| \`${name}\` | ${code(files)} |`),
  ].join('\n');
}
