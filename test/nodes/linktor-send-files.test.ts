import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import sinon from 'sinon';
import { contractUnderTest, type Message, setUpFlows } from '../support/flows';
import { asking, conversationIn, type Loose, png, publicPages, sendNode } from './sending';

const ogg = Buffer.concat([Buffer.from('OggS\0\x02'), Buffer.alloc(22), Buffer.from('OpusHead'), Buffer.alloc(40)]);
const to = { conversationId: 'conv_ana' };
const takesUploads = contractUnderTest === 'api';
const media = { kind: 'media', media: 'file', mediaType: 'msg' };

describe('linktor-send: files', () => {
  const setup = setUpFlows();
  const { play, state, control } = setup;
  const ask = asking(setup);
  const pages = publicPages();
  let folder: string;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'linktor-send-files-'));
    mkdirSync(path.join(folder, 'open'));
    writeFileSync(path.join(folder, 'open', 'Preise für März.png'), png);
    writeFileSync(path.join(folder, 'secret.png'), png);
  });
  afterEach(() => {
    helper.settings({});
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** The flow with a send node; where the server takes no files, this Node-RED serves them. */
  const open = async (fields: object = {}, account: object = {}) => {
    await helper.unload();
    return play(sendNode({ ...media, ...fields }), {
      load: pages.load,
      account: { fileFolders: path.join(folder, 'open'), ...(!takesUploads && { shareFiles: pages.url }), ...account },
    });
  };

  async function sent(msg: Record<string, unknown>, fields: object = {}, account: object = {}) {
    const { node, probe, caught } = await open(fields, account);
    node('node').receive({ ...to, ...msg });
    const out: Message = await Promise.race([probe('out').first(), caught.first()]);
    if (out.error) throw out.error;
    return { out, message: await messageOf(out) };
  }

  async function messageOf(out: Message): Promise<Loose> {
    const { conversationId, messageId } = out.sent as Loose;
    const { data } = await ask('GET', `/conversations/${conversationId}/messages`);
    return data.find(({ id }: Loose) => id === messageId);
  }

  const mediaOf = ({ media: held, metadata }: Loose): Loose => ({ ...held, voice: held.voice ?? metadata?.voice });

  async function refused(msg: Record<string, unknown>, fields: object = {}, account: object = {}): Promise<Loose> {
    const error = await sent(msg, fields, account).then(
      () => assert.fail('It was sent.'),
      (thrown: Loose) => thrown,
    );
    const { sends, requests } = await state();
    assert.equal(sends.length, 0);
    assert.ok(requests.every((one) => !one.path.endsWith('/media/upload') || one.status === 404));
    return error;
  }

  const given: [string, () => Record<string, unknown>, object?][] = [
    ['a Buffer', () => ({ file: png })],
    [
      'a Buffer in an attachment, as message-in fetches it',
      () => ({ attachments: [{ type: 'image', data: png }] }),
      { media: '' },
    ],
    ['a Buffer in the payload, as a file node reads it', () => ({ payload: png }), { kind: 'text' }],
    ['a message in one object', () => ({ payload: { media: { data: png } } }), { kind: 'text' }],
    ['base64', () => ({ file: png.toString('base64') })],
    ['a data URL', () => ({ file: `data:application/pdf;base64,${png.toString('base64')}` })],
    ['a path', () => ({ file: path.join(folder, 'open', 'Preise für März.png') })],
    ['a path within the folder', () => ({ file: { path: 'Preise für März.png', mime_type: 'video/mp4' } })],
  ];
  for (const [what, msg, fields] of given) {
    it(`sends ${what}, as what its bytes say that it is`, async () => {
      const { message } = await sent({ ...msg(), caption: 'Look' }, fields);
      const { type, url, mimeType, filename } = mediaOf(message);
      assert.deepEqual([type, mimeType], ['image', 'image/png']);
      assert.equal(filename, what.startsWith('a path') ? 'Preise für März.png' : 'image.png');
      const response = await fetch(url);
      assert.equal(response.headers.get('content-type'), 'image/png');
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), png);
    });
  }

  it('keeps the name that another node gives beside a file', async () => {
    const { message } = await sent({ file: png, filename: '/home/me/../chart' });
    assert.equal(mediaOf(message).filename, 'chart.png');
  });

  for (const url of ['data:text/csv;charset=utf-8;base64,YTtiCg==', 'data:text/csv,a%3Bb%0A']) {
    it(`takes the type of a text from its data URL: ${url.slice(0, 20)}`, async () => {
      const { mimeType, filename } = mediaOf((await sent({ file: url })).message);
      assert.deepEqual([mimeType, filename], ['text/csv', 'document.csv']);
    });
  }

  it('says of an empty list that there is nothing', async () => {
    assert.match((await refused({ file: [] })).message, /^The media needs a URL.*; there is nothing/);
  });

  it('sends files one after the other in one message, with the caption under the first', async () => {
    const { out, message } = await sent({
      file: [png, { data: Buffer.from('a;b'), filename: 'a.csv' }],
      caption: 'Both',
    });
    const { parts, messageIds } = out.sent as Loose;
    assert.deepEqual([parts, messageIds.length], [2, 2]);
    assert.deepEqual([mediaOf(message).type, mediaOf(message).caption], ['image', 'Both']);
    const { sends } = await state();
    assert.deepEqual(
      sends.map(({ messageId }) => messageId),
      messageIds,
    );
  });

  it('refuses all files when one of them is none', async () => {
    assert.match((await refused({ file: [png, 'nothing'] })).message, /^File 2 of 2: .*needs a URL/);
    assert.match((await refused({ file: [png, { path: '../secret.png' }] })).message, /none of the folders/);
  });

  it('sends a voice note and a sticker where the channel has them, and audio and a picture elsewhere', async () => {
    const conversations = await Promise.all(['whatsapp', 'email'].map((type) => conversationIn(ask, type)));
    const [chat, mail] = conversations.map(({ id }) => ({ conversationId: id }));
    const made = [
      await sent({ ...chat, file: ogg }, { mediaForm: 'voice' }),
      await sent({ ...mail, file: ogg }, { mediaForm: 'voice' }),
      await sent({ ...chat, file: png }, { mediaForm: 'sticker' }),
      await sent({ ...mail, file: png }, { mediaForm: 'sticker' }),
      await sent({ ...chat, file: png }, { mediaForm: 'document' }),
    ];
    assert.deepEqual(
      made.map(({ out, message }) => {
        const { type, voice } = mediaOf(message);
        return [type, String(voice ?? false), (out.sent as Loose).adapted];
      }),
      [
        ['audio', 'true', undefined],
        ['audio', 'false', ['audio']],
        ['sticker', 'false', undefined],
        ['image', 'false', ['image']],
        ['document', 'false', undefined],
      ],
    );
  });

  it('refuses a file that does not fit the channel, before anything leaves', async () => {
    const { id } = await conversationIn(ask, 'instagram');
    const { message, code } = await refused({ conversationId: id, file: Buffer.alloc(9 * 1024 * 1024, 1) });
    assert.match(message, /9 MB, and instagram takes 8 MB/);
    assert.equal(code, 'validation');
    assert.match((await refused({ file: Buffer.alloc(26 * 1024 * 1024, 1) })).message, /26 MB/);
    assert.match((await refused({ file: png }, { mediaForm: 'voice' })).message, /voice note needs audio/);
    assert.match((await refused({ file: ogg }, { mediaForm: 'sticker' })).message, /sticker needs a picture/);
  });

  it('reads no file outside of the folders that the account and settings.js name', async () => {
    const secret = path.join(folder, 'secret.png');
    assert.match((await refused({ file: secret })).message, /none of the folders/);
    assert.match((await refused({ file: secret }, {}, { fileFolders: '' })).message, /no folder is named/);
    helper.settings({ linktor: { files: [path.join(folder, 'open')] } });
    assert.match((await refused({ file: secret }, {}, { fileFolders: folder })).message, /no folder is named/);
    await sent({ file: 'Preise für März.png' }, {}, { fileFolders: '' });
  });

  it('names both ways where the server takes no files and the account shares none', async () => {
    if (takesUploads) await control('fail', { method: 'POST', path: '/media/upload', status: 404, count: 2 });
    const error = await refused({ file: png }, {}, { shareFiles: '' });
    assert.equal(error.code, 'validation');
    assert.match(error.message, /URL only: it has no upload route/);
    assert.match(error.cause.hint, /URL of the file.*shareFiles/);
  });

  describe('that this Node-RED serves', () => {
    const noUpload = () =>
      takesUploads ? control('fail', { method: 'POST', path: '/media/upload', status: 404, count: 9 }) : undefined;
    const share = { shareFiles: 'http://files.test/' };
    /** Sends a file, and returns the path under which it is served. */
    async function shared(file: unknown = { data: png, filename: 'März "1".png' }, account: object = share) {
      await noUpload();
      const played = await open({}, account);
      played.node('node').receive({ ...to, file });
      const out = await Promise.race([played.probe('out').first(), played.caught.first()]);
      if (out.error) throw out.error;
      const { url } = mediaOf(await messageOf(out));
      assert.match(url, /^http:\/\/files\.test\/linktor\/files\/[0-9a-f]{32}\//);
      return { played, out, place: new URL(url).pathname };
    }
    const get = async (place: string, method = 'GET') => {
      const response = await fetch(`${pages.url}${place}`, { method });
      return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
    };

    it('has an address that nobody guesses, and is given with headers that let nobody run it', async () => {
      const { place } = await shared();
      const { status, headers, body } = await get(place);
      assert.deepEqual([status, body], [200, png]);
      assert.equal(headers.get('content-type'), 'image/png');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.match(String(headers.get('content-security-policy')), /sandbox/);
      assert.equal(
        headers.get('content-disposition'),
        `attachment; filename="M_rz _1_.png"; filename*=UTF-8''M%C3%A4rz%20_1_.png`,
      );
      const head = await get(place, 'HEAD');
      assert.deepEqual(
        [head.status, head.body.length, head.headers.get('content-length')],
        [200, 0, String(png.length)],
      );
    });

    it('answers nothing else', async () => {
      const { place } = await shared();
      const [, , , id = ''] = place.split('/');
      const unknown = id.replace(/./g, (digit) => (digit === 'a' ? 'b' : 'a'));
      for (const other of [
        place.replace(id, unknown),
        place.replace(id, id.slice(1)),
        '/linktor/files/',
        `/linktor/files/${id}`,
      ]) {
        const { status, body } = await get(other);
        assert.deepEqual([status, body.length], [404, 0], other);
      }
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const { status, headers } = await get(place, method);
        assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD'], method);
      }
    });

    it('is gone after ten minutes', async () => {
      const { place } = await shared();
      assert.equal((await get(place)).status, 200);
      const clock = sinon.useFakeTimers({ now: Date.now() + 10 * 60_000, toFake: ['Date'] });
      const { status } = await get(place).finally(() => clock.restore());
      assert.equal(status, 404);
    });

    it('is gone with its account, or when the account shares no more, and stays over other deploys', async () => {
      const { place, played } = await shared();
      const changed = (change: object) =>
        played.flow.map((node) => (node.id === 'account' ? { ...node, ...change } : node));
      await played.deploy(changed({ timeout: 20 }), 'full');
      assert.equal((await get(place)).status, 200);
      await played.deploy(changed({ shareFiles: '' }), 'full');
      assert.equal((await get(place)).status, 404);
    });

    it('is gone when its message has not left', async () => {
      await noUpload();
      const where =
        contractUnderTest === 'server' ? '/api/v1/conversations/conv_ana/messages' : '/conversations/conv_ana/messages';
      await control('fail', { method: 'POST', path: where, status: 400, count: 1 });
      const { node, probe, caught } = await open({}, share);
      node('node').receive({ ...to, file: Buffer.alloc(5 * 1024 * 1024, 1) });
      await caught.first();
      // Twenty would have more than the limit of all files together, if the first one were still held.
      for (let count = 1; count <= 20; count++) {
        node('node').receive({ ...to, file: Buffer.alloc(5 * 1024 * 1024, 1) });
        await probe('out').take(count);
      }
      node('node').receive({ ...to, file: Buffer.alloc(5 * 1024 * 1024, 1) });
      assert.equal((await caught.take(2))[1]?.error?.code, 'storage');
    });

    it('is gone when it has been fetched and its message has arrived', async () => {
      await noUpload();
      const { node, probe } = await open({ waitFor: 'delivered' }, share);
      node('node').receive({ ...to, file: png });
      const place = async () => {
        const { data } = await ask('GET', '/conversations/conv_ana/messages');
        const sentOne = data.find((one: Loose) => one.media?.url.startsWith(share.shareFiles));
        return sentOne && new URL(sentOne.media.url).pathname;
      };
      let found = await place();
      while (found === undefined) found = await place();
      assert.equal((await get(found)).status, 200);
      await probe('out').first();
      assert.equal((await get(found)).status, 404);
    });

    for (const shareFiles of [
      'flows.example',
      'ftp://flows.example',
      'https://u:p@flows.example',
      'https://x.example/?a',
    ]) {
      it(`is refused below what is no address: ${shareFiles}`, async () => {
        await noUpload();
        const { code, message } = await refused({ file: png }, {}, { shareFiles });
        assert.deepEqual([code, /"shareFiles"/.test(message)], ['validation', true]);
      });
    }

    it('is refused where Node-RED asks everybody for a password', async () => {
      helper.settings({ httpNodeAuth: { user: 'me', pass: 'x' } });
      const error = await shared().then(
        () => assert.fail('It was sent.'),
        (thrown: Loose) => thrown,
      );
      assert.match(error.message, /httpNodeAuth/);
    });
  });
});
