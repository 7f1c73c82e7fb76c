import { strict as assert } from 'node:assert';
import { openEditor } from '../../support/browser';
import { closedPort, Listener, type Say, until } from '../../support/red';
import { Dialog } from '../dialog';
import { canaries, type EditorSetup } from '../editor-setup';

const isAboutMemory = /: Open questions are kept in/;

/** The config dialog: what it shows, and what its test finds out. */
export function connecting(setup: EditorSetup): void {
  async function tested(
    change: (dialog: Dialog) => Promise<unknown> = async () => undefined,
    page = setup.page,
  ): Promise<string[]> {
    const dialog = await Dialog.open(page, 'linktor-config', 'account');
    await change(dialog);
    const answer = page.waitForResponse((response) => response.url().endsWith('/linktor/account/test'));
    await page.locator('.linktor-test').click();
    await answer;
    const lines = page.locator('.linktor-outcome li');
    await lines.first().waitFor();
    const words = await lines.evaluateAll((all) =>
      all.map((one) => {
        const sign = one.querySelector('i')?.className.match(/fa-(check|warning|info)/)?.[1];
        return `${sign}: ${(one as HTMLElement).innerText.replace(/\s+/g, ' ').trim()}`;
      }),
    );
    await dialog.cancel();
    // Where questions are kept goes by the version of Node.js, and not by the server.
    const [others, memory] = [false, true].map((wanted) => words.filter((one) => isAboutMemory.test(one) === wanted));
    assert.ok((memory?.length ?? 0) <= 1, memory?.join('\n'));
    return others ?? [];
  }

  async function sockets(): Promise<{ open: number; total: number }> {
    const response = await fetch(`${setup.sandbox.url}/_sandbox/state`);
    return ((await response.json()) as { sockets: { open: number; total: number } }).sockets;
  }

  describe('tests a connection', () => {
    it('with the stored key: who, what, how fast, whose clock, and the socket, which it leaves as it was', async () => {
      const before = await sockets();
      const lines = await tested();
      const found = [
        /^check: 127\.0\.0\.1:\d+ answers, \d+ ms$/,
        /^check: Signed in as Demo User \(Xícara & Samambaia\), API key$/,
        /^check: API: documented API$/,
        /^check: Clocks in sync$/,
        /^check: Available: channels, contacts, knowledge bases, AI agents, bots, flows, visual templates$/,
        /^check: Realtime connects, \d+ ms$/,
      ];
      assert.equal(lines.length, found.length, lines.join('\n'));
      for (const [index, one] of found.entries()) assert.match(lines[index] ?? '', one);
      await until('the socket to be gone', async () => (await sockets()).open === before.open);
      assert.equal((await sockets()).total, before.total + 1);
    });

    it('with a wrong key', async () => {
      const lines = await tested((dialog) => dialog.input('apiKey').fill('wrong'));
      assert.equal(lines.length, 2);
      assert.match(lines[0] ?? '', /^check: .* answers/);
      assert.match(lines[1] ?? '', /^warning: Not signed in: .*Check the key/);
    });

    it('with nobody there', async () => {
      const port = await closedPort();
      const [line = '', ...others] = await tested(async (dialog) => {
        await dialog.input('baseUrl').fill(`http://127.0.0.1:${port}`);
        await dialog.input('apiKey').fill('any');
      });
      assert.match(line, /^warning: No answer from Linktor: .*Check the Server URL, the proxy/);
      assert.deepEqual(others, []);
    });

    it('with a server that is not Linktor', async () => {
      const stranger = await Listener.open(() => ({ headers: { 'content-type': 'text/html' }, body: '<p>Hello</p>' }));
      try {
        const [line = ''] = await tested(async (dialog) => {
          await dialog.input('baseUrl').fill(stranger.url);
          await dialog.input('apiKey').fill('any');
        });
        assert.match(line, /^warning: No answer from Linktor: .*something answers there/);
      } finally {
        await stranger.close();
      }
    });

    it('without a Server URL', async () => {
      const [line = ''] = await tested((dialog) => dialog.input('baseUrl').fill('nonsense'));
      assert.match(line, /^warning: .*URL/);
    });

    it("in the editor's language, the reason and what to do about it included", async () => {
      const german = await openEditor(setup.browser, setup.red, 'de');
      const port = await closedPort();
      const cases: [change: (dialog: Dialog) => Promise<unknown>, lines: RegExp][] = [
        [
          (dialog) => dialog.input('baseUrl').fill('nonsense'),
          /^warning: Die Server-URL ist keine URL\. Geben Sie sie als https:\/\/host oder https:\/\/host\/pfad an\.$/,
        ],
        [
          (dialog) => dialog.input('baseUrl').fill(`http://127.0.0.1:${port}`),
          /^warning: Was gespeichert ist, geht nur an den Server, .* Geben Sie es noch einmal ein, um diesen zu testen\.$/,
        ],
        [
          async (dialog) => {
            await dialog.input('baseUrl').fill(`http://127.0.0.1:${port}`);
            await dialog.input('apiKey').fill('any');
          },
          /^warning: Keine Antwort von Linktor: Der Server hat nicht geantwortet \(ECONNREFUSED\)\. Prüfen Sie Server-URL, Proxy/,
        ],
      ];
      for (const [change, line] of cases) assert.match((await tested(change, german.page)).join('\n'), line);
      await german.context.close();
    });

    it('with a clock that is wrong, and no socket', async () => {
      const date = new Date(Date.now() - 3_600_000).toUTCString();
      const stranger = await Listener.open(({ path }): Say => {
        if (path.startsWith('/ws')) return { status: 404 };
        const body = path.startsWith('/auth/me') ? { id: 'u1', name: 'Ana' } : { data: [] };
        return { headers: { date, 'content-type': 'application/json' }, body: JSON.stringify(body) };
      });
      try {
        const lines = await tested(async (dialog) => {
          await dialog.input('baseUrl').fill(stranger.url);
          await dialog.input('apiKey').fill('any');
        });
        const said = lines.join('\n');
        assert.match(said, /^warning: The clocks are 3[56]\d\d s apart .*NTP/m);
        assert.match(said, /^warning: No realtime: .*Check the Server URL and the WebSocket URL/m);
      } finally {
        await stranger.close();
      }
    });

    it('of another server, which never sees the stored key, by neither way', async () => {
      const stranger = await Listener.open();
      try {
        await tested((dialog) => dialog.input('baseUrl').fill(stranger.url));
        await tested((dialog) => dialog.input('baseUrl').fill(`${stranger.url}/${new URL(setup.sandbox.url).host}`));
        await tested(async (dialog) => {
          await dialog.unfold();
          await dialog.input('wsUrl').fill(stranger.url.replace('http', 'ws'));
        });
        assert.doesNotMatch(JSON.stringify(stranger.heard), /sandbox-key/);
        // What the user types for it, it does get.
        await tested(async (dialog) => {
          await dialog.input('baseUrl').fill(stranger.url);
          await dialog.input('apiKey').fill('typed-anew');
        });
        assert.ok(stranger.heard.some(({ headers }) => headers['x-api-key'] === 'typed-anew'));
      } finally {
        await stranger.close();
      }
    });

    it('and copies what a support case needs, and nothing that it does not', async () => {
      const { page, window, sandbox } = setup;
      await window.context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const dialog = await Dialog.open(page, 'linktor-config', 'account');
      assert.equal(await page.locator('.linktor-diagnose').isVisible(), false);
      await page.locator('.linktor-test').click();
      await page.locator('.linktor-diagnose').click();
      const text: string = await page.evaluate('navigator.clipboard.readText()');
      await dialog.cancel();
      assert.match(text, /^@linktor\/node-red-linktor \d+\.\d+\.\d+/);
      assert.match(text, /Node-RED [45]\.\d+\.\d+\S*, Node\.js v2\d\./);
      assert.ok(text.includes(`Server: ${sandbox.url}/`), text);
      for (const what of ['server: ok', 'signIn: ok', 'realtime: ok', 'deployed realtime: ']) {
        assert.ok(text.includes(what), what);
      }
      for (const secret of ['sandbox-key', setup.token, ...Object.values(canaries), 'Demo User', 'Xícara']) {
        assert.ok(!text.includes(secret), secret);
      }
    });
  });

  describe('the config dialog', () => {
    it('shows what the sign-in needs, and no more', async () => {
      const dialog = await Dialog.open(setup.page, 'linktor-config', 'account');
      const own = ['apiKey', 'accessToken', 'email', 'password'];
      const shown = await dialog.choices('signIn', ['apiKey', 'accessToken', 'password']);
      assert.deepEqual(
        shown.map(([, rows]) => rows.filter((row) => own.includes(row))),
        [['apiKey'], ['accessToken'], ['email', 'password']],
      );
      await dialog.cancel();
    });

    it('warns of a second config node for the same account, and says no more about it', async () => {
      const { page } = setup;
      for (const [id, warned] of [
        ['twin', true],
        ['account', false],
      ] as const) {
        const answer = page.waitForResponse((response) => response.url().endsWith(`/linktor/${id}/twin`));
        const dialog = await Dialog.open(page, 'linktor-config', id);
        assert.deepEqual(await (await answer).json(), { ok: true, shared: warned });
        const warning = page.locator('.linktor-twin');
        if (warned) await warning.filter({ hasText: 'One is enough' }).waitFor();
        else assert.equal(await warning.innerText(), '');
        await dialog.cancel();
      }
    });
  });
}
