import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codes } from '../../lib/errors';
import { palette } from '../../nodes';
import { statusNames } from '../../nodes/kit/status';
import { ownServerFile, ownServerPage } from '../../tools/own-server';
import { reference, referenceFile } from '../../tools/reference';
import { coreNodes, examples } from '../support/examples';
import { root, sourcesOf } from '../support/imports';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const guides = readdirSync(path.join(root, 'docs')).filter((file) => file.endsWith('.md'));
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
  ...guides.map((file) => `docs/${file}`),
];

/** What a page links to or shows, from the project's folder on; addresses elsewhere are left out. */
function targets(page: string): string[] {
  const found = [...read(page).matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  );
  return found.filter((one) => !/^\w+:/.test(one)).map((one) => resolved(page, one));
}

function resolved(page: string, target: string): string {
  if (target.startsWith('#')) return page + target;
  return path.posix.join(path.posix.dirname(page), target);
}

/** As GitHub makes them of headings. */
function anchors(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

describe('the guides', () => {
  for (const page of pages) {
    it(`${page}: leads nowhere that is not there`, () => {
      for (const target of targets(page)) {
        const [file = '', anchor] = target.split('#');
        assert.ok(existsSync(path.join(root, file)), target);
        if (anchor !== undefined) assert.ok(anchors(file).includes(anchor), target);
      }
    });
  }

  it('are all to be found from the README', () => {
    const linked = targets('README.md');
    assert.deepEqual(
      guides.map((file) => `docs/${file}`).filter((page) => !linked.includes(page)),
      [],
    );
  });

  it('show every picture that there is', () => {
    const shown = new Set(pages.flatMap(targets));
    const folder = path.join(root, 'docs', 'pictures');
    const there = (readdirSync(folder, { recursive: true }) as string[]).filter((file) => file.endsWith('.png'));
    assert.deepEqual(
      there.map((file) => `docs/pictures/${file.split(path.sep).join('/')}`).filter((file) => !shown.has(file)),
      [],
    );
  });

  it('hold flows that can be imported', () => {
    const fields = new Map(palette.map(({ type, fields }) => [type, fields]));
    const flows = pages.flatMap((page) => [...read(page).matchAll(/^```json\n(\[\n[\s\S]*?)^```$/gm)]);
    assert.ok(flows.length > 0);
    for (const [, text = ''] of flows) {
      const nodes = JSON.parse(text) as { id: string; type: string; wires?: string[][] }[];
      const ids = new Set(nodes.map(({ id }) => id));
      for (const { id, type, wires = [], ...node } of nodes) {
        assert.ok(type in coreNodes || type.startsWith('ui-') || fields.has(type), `${id}: ${type}`);
        for (const target of wires.flat()) assert.ok(ids.has(target), `${id} leads nowhere`);
        const known = [...Object.keys(fields.get(type) ?? {}), 'x', 'y'];
        if (fields.has(type))
          assert.deepEqual(
            Object.keys(node).filter((one) => !known.includes(one)),
            [],
            id,
          );
      }
    }
  });

  it('explain every error code and every status word', () => {
    const page = read('docs/troubleshooting.md');
    const shown: Record<string, string> = JSON.parse(read('locales/en-US/linktor.json')).linktor.status;
    for (const code of codes) assert.match(page, new RegExp(`^### \`${code}\`$`, 'm'));
    const plain = statusNames.filter((word) => !codes.some((code) => code === word));
    const words = (name: string) => shown[name]?.replace(/__\w+__/g, '…');
    for (const name of plain) assert.ok(page.includes(`*${words(name)}*`), name);
  });

  it('name every route that Node-RED gets from us, with the permission that it needs', () => {
    const page = read('SECURITY.md');
    const sources = sourcesOf('nodes/kit').map(read);
    const routes = sources.flatMap((source) => [
      ...source.matchAll(/\broutes\.(get|post)\(\s*'([^']+)',\s*'([^']+)'/g),
    ]);
    const registered = sources.flatMap((source) => source.match(/\broutes\.\w+\(/g) ?? []);
    const unguarded = sourcesOf('nodes').filter((file) => /httpAdmin\.\w+\(/.test(read(file)));
    assert.deepEqual(unguarded, ['nodes/kit/admin/guard.ts']);
    assert.equal(routes.length, registered.length, 'a route without a permission');
    for (const [, method = '', route = '', permission = ''] of routes) {
      const row = `| \`${method.toUpperCase()} ${route}\` | \`${permission}\` |`;
      assert.ok(page.includes(row), row);
    }
  });

  it('name every helper of the tests', () => {
    const page = read('test/support/README.md');
    const helpers = readdirSync(path.join(root, 'test', 'support')).filter((file) => /(?<!\.d)\.ts$/.test(file));
    assert.deepEqual(
      helpers.filter((file) => !page.includes(`\`${file}\``)),
      [],
    );
  });

  it('name every example, and every node', () => {
    const list = read('docs/examples.md');
    for (const { title, file } of examples) {
      const folder = file.replace(/^\d+ - |\/.*$/g, '');
      for (const heading of [`## ${folder}`, `### ${title}`])
        assert.ok(list.includes(`\n${heading}\n`), `docs/examples.md needs the heading "${heading}"`);
    }
    const labels = JSON.parse(read('locales/en-US/linktor.json'));
    for (const { type } of palette) {
      const name = `**${labels[type].label}**`;
      assert.ok(read('README.md').includes(name), `the list of nodes in README.md needs ${name}`);
    }
  });

  for (const contract of ['api', 'server']) {
    it(`name all that a server of the kind ${contract} lacks`, () => {
      const sources = sourcesOf(`lib/contract/${contract}`).map(read);
      const lacking = sources.flatMap((source) => [...source.matchAll(/\bunsupported(?:Call|Crud)\(\s*'([^']+)'/g)]);
      assert.ok(lacking.length > 1);
      const page = read('docs/own-server.md').replace(/\s+/g, ' ');
      assert.deepEqual(
        lacking.map(([, what = '']) => what).filter((what) => !page.includes(what)),
        [],
        'each needs a row in tools/own-server.ts, then npm run reference',
      );
    });
  }

  it('say what works on a server of each kind, as it is found there', async () => {
    const isMade = readFileSync(ownServerFile, 'utf8') === (await ownServerPage());
    assert.ok(isMade, 'docs/own-server.md is not what npm run reference makes: run it');
  });

  it('have the reference that the nodes make', () => {
    const isMade = readFileSync(referenceFile, 'utf8') === reference();
    assert.ok(isMade, 'docs/nodes.md is not what npm run reference makes: run it');
  });
});
