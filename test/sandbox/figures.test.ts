import { strict as assert } from 'node:assert';
import { inflateSync } from 'node:zlib';
import { type Bench, bench, type Json } from './support';

describe('sandbox: analytics and pictures', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  beforeEach(async () => {
    await box.control('/reset');
    await box.hangUp();
  });
  after(() => box.close());
  const get = async (path: string) => (await box.api('GET', `/analytics/${path}`)).body;

  it('counts what is stored', async () => {
    const dashboard = await get('dashboard');
    assert.deepEqual(dashboard.messages, { total: 8, inbound: 5, outbound: 3 });
    assert.deepEqual(dashboard.contacts, { total: 3, new: 3 });
    const { avgResolutionTime, ...conversations } = dashboard.conversations as Json;
    assert.deepEqual(conversations, { total: 3, open: 2, resolved: 1 });
    assert.equal(avgResolutionTime, 240);
    await box.api('POST', '/conversations/conv_ana/messages', { text: 'hi' });
    assert.deepEqual((await get('dashboard')).messages, { total: 9, inbound: 5, outbound: 4 });
  });

  it('counts only the days asked for', async () => {
    const none = await get('conversations?startDate=2001-01-01&endDate=2001-12-31');
    assert.deepEqual([none.totalConversations, none.timeline], [0, []]);
    assert.equal(
      (await get(`conversations?startDate=2001-01-01&endDate=${new Date().toISOString()}`)).totalConversations,
      3,
    );
    for (const query of ['startDate=x', 'startDate=2020-02-01&endDate=2020-01-01']) {
      assert.equal((await box.api('GET', `/analytics/dashboard?${query}`)).status, 400);
    }
  });

  it('groups conversations and messages', async () => {
    const conversations = await get('conversations');
    assert.deepEqual(conversations.byStatus, [
      { status: 'open', count: 2 },
      { status: 'resolved', count: 1 },
    ]);
    assert.deepEqual((conversations.byChannel as Json[])[0], {
      channel: 'whatsapp',
      channelId: 'ch_whatsapp',
      channelType: 'whatsapp',
      count: 2,
    });
    const timeline = conversations.timeline as { count: number }[];
    assert.equal(
      timeline.reduce((sum, { count }) => sum + count, 0),
      3,
    );
    const messages = await get('messages');
    assert.deepEqual([messages.totalMessages, messages.byType], [8, [{ type: 'text', count: 8 }]]);
  });

  it('compares users, bots and channels', async () => {
    const [user] = (await get('agents')).agents as Json[];
    assert.deepEqual([user?.agentId, user?.conversationsHandled, user?.messagesSent], ['user_demo', 1, 1]);
    assert.deepEqual(
      ((await get('bots')).bots as Json[]).map(({ botId }) => botId),
      ['bot_demo'],
    );
    const channels = await get('channels');
    const [webchat] = channels.channels as Json[];
    assert.deepEqual([webchat?.channelId, webchat?.messagesReceived, webchat?.messagesSent], ['ch_webchat', 2, 1]);
    assert.equal((channels.overall as Json).messagesReceived, 5);
  });

  it('tells about this moment', async () => {
    await box.control('/messages', { conversationId: 'conv_ana', text: 'now' });
    const { avgWaitTime, ...now } = await get('realtime');
    assert.deepEqual(now, { activeConversations: 2, activeAgents: 1, queueSize: 1, messagesPerMinute: 1 });
    assert.equal(typeof avgWaitTime, 'number');
  });

  it('makes reports, as data and as files', async () => {
    const range = { startDate: '2001-01-01', endDate: '2999-01-01' };
    const report = async (body: Json) => (await box.api('POST', '/analytics/reports', { range, ...body })).body;
    assert.equal(((await report({ type: 'channels' })).data as Json[]).length, 2);
    const grouped = await report({ type: 'conversations', groupBy: 'status', filters: { channelType: 'whatsapp' } });
    assert.deepEqual(grouped.data, [
      { status: 'open', count: 1 },
      { status: 'resolved', count: 1 },
    ]);
    const { url } = await report({ type: 'channels', format: 'csv' });
    const file = await fetch(String(url));
    assert.match(file.headers.get('content-type') ?? '', /^text\/csv/);
    const lines = (await file.text()).split('\n');
    assert.equal(lines[0], 'channelId,name,type,messagesReceived,messagesSent,conversationsCreated,avgResponseTime');
    assert.match(lines[1] ?? '', /^ch_webchat,Website chat,webchat,2,1,1,/);
    const exported = await box.api('POST', '/analytics/export', { type: 'messages', range, format: 'json' });
    assert.ok(Date.parse(String(exported.body.expiresAt)) > Date.now());
    const [row] = (await (await fetch(String(exported.body.downloadUrl))).json()) as Json[];
    assert.equal(row?.totalMessages, 8);
    for (const bad of [{}, { type: 'moon' }, { type: 'messages', format: 'pdf' }]) {
      assert.equal((await box.api('POST', '/analytics/export', { range, ...bad })).status, 400);
    }
    assert.equal((await box.api('POST', '/analytics/reports', { type: 'messages', groupBy: 'moon' })).status, 400);
  });

  it('groups a report by day, week and month', async () => {
    const report = async (groupBy: string) =>
      (await box.api('POST', '/analytics/reports', { type: 'messages', range: {}, groupBy })).body.data as Json[];
    for (const groupBy of ['day', 'week', 'month']) {
      const rows = await report(groupBy);
      const sum = (key: string) => rows.reduce((total, row) => total + Number(row[key]), 0);
      assert.deepEqual([sum('count'), sum('inbound'), sum('outbound')], [8, 5, 3], groupBy);
    }
    for (const { date } of await report('week')) assert.equal(new Date(String(date)).getUTCDay(), 1);
    for (const { date } of await report('month')) assert.match(String(date), /^\d{4}-\d\d-01$/);
    const bots = await box.api('POST', '/analytics/reports', { type: 'bots', range: {}, groupBy: 'month' });
    assert.equal(bots.status, 200);
  });

  it('exports a workbook', async () => {
    const { body } = await box.api('POST', '/analytics/export', { type: 'channels', range: {}, format: 'xlsx' });
    const response = await fetch(String(body.downloadUrl));
    assert.match(response.headers.get('content-type') ?? '', /spreadsheetml\.sheet$/);
    const file = Buffer.from(await response.arrayBuffer());
    const parts = unzip(file);
    assert.deepEqual(Object.keys(parts), [
      '[Content_Types].xml',
      '_rels/.rels',
      'xl/workbook.xml',
      'xl/_rels/workbook.xml.rels',
      'xl/worksheets/sheet1.xml',
    ]);
    const sheet = parts['xl/worksheets/sheet1.xml'] ?? '';
    assert.match(sheet, /<row><c t="inlineStr"><is><t>channelId<\/t>/);
    assert.match(sheet, /<t>Website chat<\/t><\/is><\/c>.*<c><v>2<\/v><\/c>/);
  });

  const menu = { titulo: 'Menu', opcoes: [{ label: 'A' }, { label: 'B' }] };
  const render = (body: Json) =>
    box.api('POST', '/vre/render', { tenant_id: 'tenant_demo', template_id: 'menu_opcoes', data: menu, ...body });

  /** Checks the whole file and answers its size. */
  function sizeOf(picture: Buffer): [number, number] {
    assert.equal(picture.subarray(1, 4).toString(), 'PNG');
    const [width, height] = [picture.readUInt32BE(16), picture.readUInt32BE(20)];
    const at = picture.indexOf('IDAT');
    const pixels = inflateSync(picture.subarray(at + 4, at + 4 + picture.readUInt32BE(at - 4)));
    assert.equal(pixels.length, height * (1 + 3 * width));
    return [width, height];
  }

  it('renders a real picture, in snake case', async () => {
    const { status, body } = await render({ width: 400, scale: 2 });
    assert.equal(status, 200);
    const picture = Buffer.from(String(body.image_base64), 'base64');
    assert.deepEqual(sizeOf(picture), [body.width, body.height]);
    assert.deepEqual(
      [body.width, body.format, body.size_bytes, body.caption],
      [800, 'png', picture.length, 'Menu · Menu'],
    );
    assert.equal(typeof body.render_time_ms, 'number');
  });

  it('sends the picture into the conversation, and a text after it', async () => {
    const listener = await box.socket();
    await listener.subscribe('conv_ana');
    const request = {
      conversation_id: 'conv_ana',
      template_id: 'menu_opcoes',
      data: menu,
      caption: 'Choose',
      follow_up_text: 'Well?',
    };
    const { body } = await box.api('POST', '/vre/render-and-send', request);
    assert.equal(body.caption, 'Choose');
    const frame = await listener.frame('message');
    const message = frame.message as Json;
    assert.deepEqual(
      [message.id, message.type, (message.media as Json).url],
      [body.message_id, 'image', body.image_url],
    );
    await listener.frame('message', ({ message: next }) => (next as Json).text === 'Well?');
    const file = await fetch(String(body.image_url));
    assert.equal(file.headers.get('content-type'), 'image/png');
    sizeOf(Buffer.from(await file.arrayBuffer()));
  });

  it('lists templates and previews each of them', async () => {
    const templates = (await box.api('GET', '/vre/templates?tenant_id=tenant_demo')).body.templates as { id: string }[];
    assert.deepEqual(
      templates.map(({ id }) => id),
      ['menu_opcoes', 'card_produto', 'status_pedido', 'lista_produtos', 'confirmacao', 'cobranca_pix'],
    );
    for (const { id } of templates) {
      const { body } = await box.api('POST', `/vre/templates/${id}/preview`, {});
      assert.deepEqual(sizeOf(Buffer.from(String(body.image_base64), 'base64')), [body.width, body.height]);
    }
    assert.equal((await box.api('POST', '/vre/templates/none/preview')).status, 404);
  });

  it('refuses pictures of nothing', async () => {
    const refused: [Json, string][] = [
      [{ data: undefined }, 'data'],
      [{ data: { titulo: 'x' } }, 'data.opcoes'],
      [{ data: { titulo: 'x', opcoes: Array(9).fill({ label: 'x' }) } }, 'data.opcoes'],
      [{ data: { titulo: 'x', opcoes: 'none' } }, 'data.opcoes'],
      [{ width: 5 }, 'width'],
      [{ tenant_id: undefined }, 'tenant_id'],
    ];
    for (const [change, field] of refused) {
      const { status, body } = await render(change);
      assert.deepEqual([status, Object.keys(body.details as Json)], [400, [field]]);
    }
    assert.equal((await render({ template_id: 'none' })).status, 404);
  });
});

/** Reads a ZIP archive by its central directory, and checks the sums. */
function unzip(file: Buffer): Record<string, string> {
  const end = file.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const parts: Record<string, string> = {};
  let at = file.readUInt32LE(end + 16);
  for (let count = file.readUInt16LE(end + 10); count > 0; count -= 1) {
    assert.equal(file.toString('latin1', at, at + 4), 'PK\x01\x02');
    const [size, nameLength] = [file.readUInt32LE(at + 20), file.readUInt16LE(at + 28)];
    const offset = file.readUInt32LE(at + 42);
    const start = offset + 30 + file.readUInt16LE(offset + 26);
    const data = file.subarray(start, start + size);
    assert.equal(crc32(data), file.readUInt32LE(at + 16));
    parts[file.toString('utf8', at + 46, at + 46 + nameLength)] = data.toString('utf8');
    at += 46 + nameLength;
  }
  return parts;
}

function crc32(data: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
