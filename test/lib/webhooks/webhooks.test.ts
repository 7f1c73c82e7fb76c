import { strict as assert } from 'node:assert';
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { LinktorError } from '../../../lib/errors';
import { constructEvent, decodeEvent, type Refusal, type VerifyInput, verify } from '../../../lib/webhooks/index';
import { assertSilent, failing } from '../support';

const secret = 'whsec_linktor_test';
const timestamp = '1705314600';
const now = Number(timestamp) * 1000;

/** HMAC-SHA256 after RFC 2104, from the bare hash, so that nothing is shared with what is tested. */
function hmac(key: Buffer, message: Buffer): string {
  const hash = (part: Buffer) => createHash('sha256').update(part).digest();
  const block = Buffer.alloc(64);
  (key.length > 64 ? hash(key) : key).copy(block);
  const pad = (byte: number) => Buffer.from(block.map((one) => one ^ byte));
  return hash(Buffer.concat([pad(0x5c), hash(Buffer.concat([pad(0x36), message]))])).toString('hex');
}

/** Bodies, with their signature over the body alone and over `timestamp.body`, all with the same secret and time. */
const vectors: Record<string, [body: string, overBody: string, overBoth: string]> = {
  'an event': [
    'eyJpZCI6ImV2dF9hYmMxMjMiLCJ0eXBlIjoibWVzc2FnZS5yZWNlaXZlZCIsInRpbWVzdGFtcCI6IjIwMjQtMDEtMTVUMTA6MzA6MDBaIiwidGVuYW50SWQiOiJ0MSIsImRhdGEiOnsidGV4dCI6Ik9sw6Eg8J+RiyJ9fQ==',
    '326af5205475e7a053ad0050bca95d97b74c0fd060b0d20a643db681e7e63161',
    'fac053eb911fbc33110bf6204100b9d1de430bc086caadeb92b00fa252ceca70',
  ],
  'the same, indented': [
    'ewogICJpZCI6ICJldnRfYWJjMTIzIiwKICAidHlwZSI6ICJtZXNzYWdlLnJlY2VpdmVkIiwKICAidGltZXN0YW1wIjogIjIwMjQtMDEtMTVUMTA6MzA6MDBaIiwKICAidGVuYW50SWQiOiAidDEiLAogICJkYXRhIjogewogICAgInRleHQiOiAiT2zDoSDwn5GLIgogIH0KfQ==',
    '5ada0717417909c9dd1b6b7eb333856268da9cc9f8560d52f907d26c290ebda5',
    'e6243281bd3bbcca5057c63e897e445515939135f7517eaf439fa0990410ccfb',
  ],
  'line breaks of Windows': [
    'ew0KImlkIjoiZXZ0X2FiYzEyMyIsInR5cGUiOiJtZXNzYWdlLnJlY2VpdmVkIiwidGltZXN0YW1wIjoiMjAyNC0wMS0xNVQxMDozMDowMFoiLCJ0ZW5hbnRJZCI6InQxIiwiZGF0YSI6eyJ0ZXh0IjoiT2zDoSDwn5GLIn19',
    'c27a3d4fb965be50c9f87f5d7a50210a07be56370ab80b8273e6d4f259f64ef5',
    '0aa9d77e1c6c9ded0490f27d35ab3f2cd57ea262cb2aa4836a6cac3251ec0456',
  ],
  'a byte order mark': [
    '77u/eyJpZCI6ImV2dF9hYmMxMjMiLCJ0eXBlIjoibWVzc2FnZS5yZWNlaXZlZCIsInRpbWVzdGFtcCI6IjIwMjQtMDEtMTVUMTA6MzA6MDBaIiwidGVuYW50SWQiOiJ0MSIsImRhdGEiOnsidGV4dCI6Ik9sw6Eg8J+RiyJ9fQ==',
    '9734999827534bd00fea2b7f9248fda41cc95916ffa1dc604b6af4a6f5e6e7fc',
    '7bacb1fe83293d8cc62c4da3eee7ad59c1c2a6de59927084eb7b72006d3abf83',
  ],
  'nothing at all': [
    '',
    '877f626e03ac56b5f629b31961752370a486d3a970dd47309c7ec1b98576afe0',
    '37c133ff91751d7992ad3624f418564674cdbc8bf15804ce3cfcdf80f0904d7c',
  ],
  'bytes that are no text': [
    'eyJpZCI6ImV2dF///iIsInR5cGUiOiJ4IiwidGltZXN0YW1wIjoiMjAyNC0wMS0xNVQxMDozMDowMFoifQ==',
    '296fceb2f103a2ee7df174004ab76dca9cfcb3a64f5cc7323ccd6ae29df71160',
    'c162845e314cb3c6d0b9508f34ea83e84ee996929c0f554671e6b2ea244ef5e0',
  ],
  'what reading those as text makes of them': [
    'eyJpZCI6ImV2dF/vv73vv70iLCJ0eXBlIjoieCIsInRpbWVzdGFtcCI6IjIwMjQtMDEtMTVUMTA6MzA6MDBaIn0=',
    '4faf55e9ac597889ec7afe853e467542a00a0aa117387566ab540a2b7c261074',
    'ee18dc6f0db9589051c26d85dbbb211d78132d3799054c93d672d75a151e06bb',
  ],
  'escaped characters': [
    'eyJpZCI6ImV2dF8xIiwidHlwZSI6Im1lc3NhZ2UucmVjZWl2ZWQiLCJ0aW1lc3RhbXAiOiIyMDI0LTAxLTE1VDEwOjMwOjAwWiIsImRhdGEiOnsidGV4dCI6Ik9sXHUwMGUxIn19',
    '915478999951a55765707c7a0bde35e3b14675db41c368deb9789b8434cb6aae',
    '24a932b2e26e7f7a0e4ae6add66b0da8977b144f7a4d09d4c85c69f01b95c789',
  ],
  'a prototype in the data': [
    'eyJpZCI6ImV2dF9wIiwidHlwZSI6Im1lc3NhZ2UucmVjZWl2ZWQiLCJ0aW1lc3RhbXAiOiIyMDI0LTAxLTE1VDEwOjMwOjAwWiIsImRhdGEiOnsiX19wcm90b19fIjp7ImlzQWRtaW4iOnRydWV9LCJjb25zdHJ1Y3RvciI6eyJwcm90b3R5cGUiOnsieCI6MX19fX0=',
    'cb540fb2e2586485923ca75ea69e62d695f1d7fa1b692451491a7b9713218db2',
    '1407625af601d4050fe4f0282b885b7f5666d4ff44b191a7835fad479a85e292',
  ],
  'numbers that lose digits': [
    'eyJpZCI6ImV2dF9uIiwidHlwZSI6Im1lc3NhZ2UucmVjZWl2ZWQiLCJ0aW1lc3RhbXAiOiIyMDI0LTAxLTE1VDEwOjMwOjAwWiIsImRhdGEiOnsibiI6MTIzNDU2Nzg5MDEyMzQ1Njc4OTAsImYiOjEuMCwiZSI6MWU0MDB9fQ==',
    '9b60a28337efe9f1f7b9bb5e50993d758c13abfebe3ff2fb6333aedf8c638097',
    '6b94b23ed447c9193a374aa70dbde5418289dabc336b361a178b4a94620e787a',
  ],
  'a key that is there twice': [
    'eyJpZCI6ImV2dF8xIiwiaWQiOiJldnRfMiIsInR5cGUiOiJtZXNzYWdlLnJlY2VpdmVkIiwidGltZXN0YW1wIjoiMjAyNC0wMS0xNVQxMDozMDowMFoifQ==',
    '3ef330fcbb2f397a0600d18a2c94cbf979b3ae1a525fe28b7d7b11c077316e71',
    '113d59cacaa0ae2bcd572a486a1d433c3ab16137e697d1a15d0d993e6c80fdda',
  ],
};
const [eventBody, overBody, overBoth] = vectors['an event'] ?? assert.fail();
const event = Buffer.from(eventBody, 'base64');
const delivery: VerifyInput = { body: event, signature: [overBody], timestamp: [timestamp], secrets: [secret], now };
const refused = (changes: Partial<VerifyInput>): Refusal | 'valid' => {
  const verdict = verify({ ...delivery, ...changes });
  return verdict.valid ? 'valid' : verdict.reason;
};

describe('webhooks: signatures', () => {
  for (const [what, [body, bodyOnly, both]] of Object.entries(vectors)) {
    it(`are verified over ${what}, in both schemes`, () => {
      const bytes = Buffer.from(body, 'base64');
      const common = { body: bytes, timestamp: [timestamp], secrets: [secret], now };
      assert.deepEqual(verify({ ...common, signature: [bodyOnly] }), { valid: true, scheme: 'body', secretIndex: 0 });
      assert.deepEqual(verify({ ...common, signature: [`sha256=${both}`] }), {
        valid: true,
        scheme: 'timestamp',
        secretIndex: 0,
      });
      // No body passes for another one.
      for (const [other] of Object.values(vectors)) {
        if (other === body) continue;
        const forged = { ...common, body: Buffer.from(other, 'base64') };
        for (const signature of [bodyOnly, `sha256=${both}`]) {
          assert.deepEqual(verify({ ...forged, signature: [signature] }), { valid: false, reason: 'bad_signature' });
        }
      }
    });
  }

  it('are those of the contract', () => {
    const common = {
      body: Buffer.from('{"a":1}'),
      secrets: ['s3cr3t'],
      timestamp: ['1700000000'],
      now: 1700000000_000,
    };
    const plain = 'd42927434049e0b8c73ce887062238cc1c6bb6644bfe66e66d8dd0f30b85679e';
    const timed = '8dbbbbf4523b10bbb793e74d854144c45acccc2d233667b1c06b805b6ded8a84';
    assert.equal(verify({ ...common, signature: [plain] }).valid, true);
    assert.equal(verify({ ...common, signature: [`sha256=${timed}`] }).valid, true);
    assert.equal(verify({ ...common, signature: [`sha256=${plain}`] }).valid, false);
    assert.equal(verify({ ...common, signature: [timed] }).valid, false);
  });

  // Published by others for the same algorithm; the keys of two of them are no text, and do not come in here.
  const published: [string, string, string, string][] = [
    [
      'GitHub',
      "It's a Secret to Everybody",
      'Hello, World!',
      '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    ],
    [
      'RFC 4231, case 2',
      'Jefe',
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'RFC 4231, case 1',
      '\u000b'.repeat(20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
  ];
  for (const [source, key, text, signature] of published) {
    it(`are those of ${source}`, () => {
      const input = { body: Buffer.from(text), signature: [signature], secrets: [key] };
      assert.deepEqual(verify(input), { valid: true, scheme: 'body', secretIndex: 0 });
      assert.equal(hmac(Buffer.from(key), Buffer.from(text)), signature);
    });
  }

  const headers: [what: string, signature: string[], Refusal | 'valid'][] = [
    ['as it is', [overBody], 'valid'],
    ['in upper case', [overBody.toUpperCase()], 'valid'],
    ['in mixed case', [overBody.replace('a', 'A')], 'valid'],
    ['of the other scheme', [`sha256=${overBoth}`], 'valid'],
    ['of the other scheme, upper case', [`sha256=${overBoth.toUpperCase()}`], 'valid'],
    ['missing', [], 'missing_signature'],
    ['empty', [''], 'missing_signature'],
    ['twice the same', [overBody, overBody], 'malformed_signature'],
    ['twice, the second one wrong', [overBody, '0'.repeat(64)], 'malformed_signature'],
    ['twice, the first one empty', ['', overBody], 'missing_signature'],
    ['joined by a comma', [`${overBody}, ${'0'.repeat(64)}`], 'malformed_signature'],
    ['joined by a comma, the right one last', [`${'0'.repeat(64)}, ${overBody}`], 'malformed_signature'],
    ['with the prefix of the other scheme', [`sha256=${overBody}`], 'bad_signature'],
    ['without the prefix of its scheme', [overBoth], 'bad_signature'],
    ['with the prefix in upper case', [`SHA256=${overBoth}`], 'malformed_signature'],
    ['with the prefix twice', [`sha256=sha256=${overBoth}`], 'malformed_signature'],
    ['with a space after the prefix', [`sha256= ${overBoth}`], 'malformed_signature'],
    ['with the prefix alone', ['sha256='], 'malformed_signature'],
    ['of another algorithm', [`sha1=${overBody.slice(0, 40)}`], 'malformed_signature'],
    ['in the style of others', ['v1,Mmr1IFR156BTrQBQvKldl7dMD9BgsNIKZD22gefmMWE='], 'malformed_signature'],
    ['in base64', ['Mmr1IFR156BTrQBQvKldl7dMD9BgsNIKZD22gefmMWE='], 'malformed_signature'],
    ['with letters behind it', [`${overBody}zz`], 'malformed_signature'],
    ['with half a byte behind it', [`${overBody}a`], 'malformed_signature'],
    ['with a byte behind it', [`${overBody}00`], 'malformed_signature'],
    ['with a line break behind it', [`${overBody}\n`], 'malformed_signature'],
    ['with a space before it', [` ${overBody}`], 'malformed_signature'],
    ['half a byte short', [overBody.slice(0, 63)], 'malformed_signature'],
    ['a byte short', [overBody.slice(0, 62)], 'malformed_signature'],
    ['cut in half', [overBody.slice(0, 32)], 'malformed_signature'],
    ['with a letter that is no digit', [overBody.replace('a', 'g')], 'malformed_signature'],
    ['with a letter that only looks like one', [overBody.replace('a', 'а')], 'malformed_signature'],
    ['with full width digits', [overBody.replace('3', '３')], 'malformed_signature'],
    ['all zero', ['0'.repeat(64)], 'bad_signature'],
    ['a word', ['null'], 'malformed_signature'],
  ];
  for (const [what, signature, expected] of headers) {
    it(`${what}: ${expected}`, () => {
      assert.equal(refused({ signature }), expected);
    });
  }

  it('count only in the scheme that is asked for', () => {
    assert.equal(refused({ scheme: 'body' }), 'valid');
    assert.equal(refused({ scheme: 'timestamp' }), 'malformed_signature');
    assert.equal(refused({ scheme: 'timestamp', signature: [`sha256=${overBoth}`] }), 'valid');
    assert.equal(refused({ scheme: 'body', signature: [`sha256=${overBoth}`] }), 'malformed_signature');
  });

  it('are looked for with every secret, while two of them are valid', () => {
    const at = (secrets: string[]) => {
      const verdict = verify({ ...delivery, secrets });
      return verdict.valid ? verdict.secretIndex : verdict.reason;
    };
    assert.equal(at([secret, 'new']), 0);
    assert.equal(at(['new', secret]), 1);
    assert.equal(at(['a', 'b', 'c', 'd', secret]), 4);
    assert.equal(at([secret, secret]), 0);
    assert.equal(at(['new', 'newer']), 'bad_signature');
    assert.equal(at([`${secret} `]), 'bad_signature');
    assert.equal(at([secret.slice('whsec_'.length)]), 'bad_signature');
  });

  it('cannot be verified without a secret, and that is no verdict', async () => {
    const empty = createHmac('sha256', '').update(event).digest('hex');
    for (const secrets of [[], [''], ['', '']]) {
      const error = await failing(() => verify({ ...delivery, signature: [empty], secrets }));
      assert.equal(error.code, 'webhook_verification');
    }
    // Beside a real one an empty one does not count.
    assert.equal(refused({ signature: [empty], secrets: ['', secret] }), 'bad_signature');
    assert.equal(refused({ secrets: ['', secret] }), 'valid');
  });
});

describe('webhooks: timestamps', () => {
  const seconds = Number(timestamp);
  const timed = (time: string) => [
    `sha256=${hmac(Buffer.from(secret), Buffer.concat([Buffer.from(`${time}.`), event]))}`,
  ];

  const clocks: [number, Refusal | 'valid'][] = [
    [0, 'valid'],
    [299, 'valid'],
    [300, 'valid'],
    [301, 'too_old'],
    [86_400, 'too_old'],
    [-299, 'valid'],
    [-300, 'valid'],
    [-301, 'in_future'],
    [-86_400, 'in_future'],
  ];
  for (const [offset, expected] of clocks) {
    it(`${offset} s old: ${expected}`, () => {
      const at = { now: now + offset * 1000 };
      assert.equal(refused(at), expected);
      assert.equal(refused({ ...at, signature: timed(timestamp) }), expected);
      const verdict = verify({ ...delivery, ...at });
      if (!verdict.valid) assert.equal(verdict.skew, -offset);
      // A second is a second to its end.
      assert.equal(refused({ now: now + offset * 1000 + 999 }), expected);
    });
  }

  it('are borne with as long as one is told to', () => {
    const old = { now: now + 10_000 };
    assert.equal(refused({ ...old, tolerance: 9 }), 'too_old');
    assert.equal(refused({ ...old, tolerance: 10 }), 'valid');
    assert.equal(refused({ now: now + 1e12, tolerance: 0 }), 'valid');
    assert.equal(refused({ now: now - 1e12, tolerance: 0 }), 'valid');
    // Whoever does not look at the time still wants one that is one, and signed.
    assert.equal(refused({ tolerance: 0, timestamp: ['soon'] }), 'malformed_timestamp');
    assert.equal(refused({ tolerance: 0, timestamp: [], signature: timed(timestamp) }), 'missing_timestamp');
  });

  it('are taken from the clock when none is given', () => {
    const time = String(Math.floor(Date.now() / 1000));
    assert.equal(refused({ now: undefined, timestamp: [time] }), 'valid');
    assert.equal(refused({ now: undefined }), 'too_old');
  });

  const malformed = [
    '',
    ' ',
    `${timestamp}.0`,
    `${timestamp}.5`,
    `${timestamp}000`,
    ` ${timestamp}`,
    `${timestamp} `,
    `${timestamp}\n`,
    `+${timestamp}`,
    `-${timestamp}`,
    `0${timestamp}`,
    `${timestamp}abc`,
    `${timestamp}, ${timestamp}`,
    '0x65a50a28',
    '1e9',
    '1.7e9',
    '170531460',
    'NaN',
    'Infinity',
    '2024-01-15T10:30:00Z',
    '１７０５３１４６００',
  ];
  for (const time of malformed) {
    it(`${JSON.stringify(time)} is none`, () => {
      assert.equal(refused({ timestamp: [time] }), 'malformed_timestamp');
      assert.equal(refused({ timestamp: [time], signature: timed(time) }), 'malformed_timestamp');
    });
  }

  it('must not come twice', () => {
    for (const two of [
      [timestamp, timestamp],
      [timestamp, String(seconds + 1)],
      ['', timestamp],
    ]) {
      assert.equal(refused({ timestamp: two }), 'malformed_timestamp');
      assert.equal(refused({ timestamp: two, signature: timed(timestamp) }), 'malformed_timestamp');
    }
  });

  it('may be missing where they are not signed, unless one wants them', () => {
    for (const none of [undefined, []]) {
      assert.equal(refused({ timestamp: none }), 'valid');
      assert.equal(refused({ timestamp: none, now: now + 1e12 }), 'valid');
      assert.equal(refused({ timestamp: none, requireTimestamp: true }), 'missing_timestamp');
      assert.equal(refused({ timestamp: none, signature: timed(timestamp) }), 'missing_timestamp');
    }
    assert.equal(refused({ requireTimestamp: true }), 'valid');
  });

  it('are covered by the signature of their scheme, and only there', () => {
    const later = [String(seconds + 60)];
    assert.equal(refused({ timestamp: later, signature: timed(timestamp) }), 'bad_signature');
    assert.equal(refused({ timestamp: later }), 'valid');
  });
});

describe('webhooks: whatever comes', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((one) => Buffer.from(one));
  const key = fc.oneof(
    fc.string({ minLength: 1, maxLength: 80 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
  );

  it('is judged as the standard says', () => {
    fc.assert(
      fc.property(bytes, key, key, fc.boolean(), fc.boolean(), (body, own, other, isTimed, isOurs) => {
        const signed = isTimed ? Buffer.concat([Buffer.from(`${timestamp}.`), body]) : body;
        const digest = hmac(Buffer.from(isOurs ? own : other), signed);
        const input = { body, secrets: [own], timestamp: [timestamp], now };
        const { valid } = verify({ ...input, signature: [isTimed ? `sha256=${digest}` : digest] });
        const expected = digest === hmac(Buffer.from(own), signed);
        assert.equal(valid, expected);
        if (isOurs) assert.equal(valid, true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is never accepted with a bit changed, be it in the body, the signature, the time or the secret', () => {
    const flip = (of: Buffer, bit: number) => {
      const copy = Buffer.from(of);
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      return copy;
    };
    for (let bit = 0; bit < event.length * 8; bit++) {
      const body = flip(event, bit);
      assert.equal(refused({ body }), 'bad_signature', `body, bit ${bit}`);
      assert.equal(refused({ body, signature: [`sha256=${overBoth}`] }), 'bad_signature', `body, bit ${bit}`);
    }
    for (let bit = 0; bit < 256; bit++) {
      const signature = [flip(Buffer.from(overBody, 'hex'), bit).toString('hex')];
      assert.equal(refused({ signature }), 'bad_signature', `signature, bit ${bit}`);
    }
    for (let bit = 0; bit < secret.length * 8; bit++) {
      const secrets = [flip(Buffer.from(secret), bit).toString('latin1')];
      assert.equal(refused({ secrets }), 'bad_signature', `secret, bit ${bit}`);
    }
    for (let bit = 0; bit < 80; bit++) {
      const time = flip(Buffer.from(timestamp), bit).toString('latin1');
      const verdict = refused({ timestamp: [time], signature: [`sha256=${overBoth}`], tolerance: 0 });
      assert.notEqual(verdict, 'valid', `time, bit ${bit}`);
    }
  });

  it('is never accepted without the secret, nor ever throws', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(overBody, `sha256=${overBody}`, `sha256=${overBoth}`, timestamp),
    );
    fc.assert(
      fc.property(
        bytes,
        fc.array(line, { maxLength: 3 }),
        fc.array(line, { maxLength: 3 }),
        (body, signature, time) => {
          const verdict = verify({ body, signature, timestamp: time, secrets: ['unknown to them'], now });
          assert.equal(verdict.valid, false);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('webhooks: events', () => {
  const times = { timestamp: '2026-05-01T12:00:00Z' };
  const message = {
    id: 'msg_91',
    conversationId: 'conv_7',
    direction: 'inbound',
    contentType: 'text',
    content: { text: 'Olá' },
    senderType: 'contact',
  };
  const decode = (wire: unknown) => decodeEvent(Buffer.from(JSON.stringify(wire)));
  /** The two shapes of the same event. */
  const sdk = (type: string, data: unknown) => ({ id: 'evt_1', type, ...times, tenantId: 't_1', data });
  const docs = (name: string, id: string, attributes: object) => ({
    id: 'evt_1',
    event: name,
    ...times,
    data: { id, type: name.split('.')[0], attributes },
    meta: { organizationId: 'org_1', webhookId: 'wh_1' },
  });

  it('keep what arrived, beside what it means', () => {
    const wire = sdk('contact.updated', { contactId: 'ct_3', name: 'Ana' });
    assert.deepEqual(decode(wire), { name: 'contact.updated', original: wire, id: 'evt_1', at: times.timestamp });
  });

  it('of a message received have the message, in both shapes', () => {
    const family = { conversationId: 'conv_7', contactId: 'ct_3', channelId: 'ch_2', channelType: 'webchat' };
    const { id, ...attributes } = message;
    for (const wire of [
      sdk('message.received', { message, ...family }),
      sdk('message.received', { message: { id, ...attributes, conversationId: '' }, ...family }),
      sdk('message.received', message),
      docs('message.received', id, { ...attributes, content: { type: 'text', text: 'Olá' } }),
      docs('message.received', id, { conversationId: 'conv_7', direction: 'inbound', type: 'text', text: 'Olá' }),
    ]) {
      const event = decode(wire);
      assert.deepEqual(
        [event.name, event.id, event.messageId, event.conversationId, event.at],
        ['message.received', 'evt_1', 'msg_91', 'conv_7', times.timestamp],
      );
      const { text, contentType, direction, conversationId } = event.message ?? assert.fail();
      assert.deepEqual([text, contentType, direction, conversationId], ['Olá', 'text', 'inbound', 'conv_7']);
      assert.deepEqual(event.original, wire);
    }
  });

  it('of a message received are events even when the message is not understood', () => {
    for (const data of [{}, { message: {} }, { message: null, conversationId: 'conv_7' }, { message: { text: 'x' } }]) {
      const event = decode(sdk('message.received', data));
      assert.deepEqual([event.name, event.message], ['message.received', undefined]);
    }
    assert.equal(decode(sdk('message.received', { message: {}, conversationId: 'conv_7' })).conversationId, 'conv_7');
  });

  for (const status of ['sent', 'delivered', 'read', 'failed']) {
    it(`of a message ${status} name the message and its status, in both shapes`, () => {
      const data = { messageId: 'msg_91', conversationId: 'conv_7', status, direction: 'outbound' };
      for (const wire of [
        sdk(`message.${status}`, data),
        docs(`message.${status}`, 'msg_91', { conversationId: 'conv_7', status }),
      ]) {
        const event = decode(wire);
        assert.deepEqual(
          [event.name, event.messageId, event.conversationId, event.status, event.message],
          [`message.${status}`, 'msg_91', 'conv_7', status, undefined],
        );
      }
    });
  }

  const conversations: [told: string, name: string, status: string | undefined][] = [
    ['conversation.created', 'conversation.created', 'open'],
    ['conversation.updated', 'conversation.updated', 'pending'],
    ['conversation.assigned', 'conversation.assigned', undefined],
    ['conversation.resolved', 'conversation.resolved', 'resolved'],
    ['conversation.closed', 'conversation.resolved', 'closed'],
    ['conversation.transferred', 'conversation.assigned', 'open'],
    ['conversation.reopened', 'conversation.reopened', 'open'],
    ['conversation.escalated', 'conversation.escalated', 'open'],
  ];
  for (const [told, name, status] of conversations) {
    it(`${told} is ${name}, in both shapes`, () => {
      for (const wire of [
        sdk(told, { conversationId: 'conv_7', contactId: 'ct_3', channelId: 'ch_2', status, previousStatus: 'open' }),
        docs(told, 'conv_7', { status, channelId: 'ch_2' }),
      ]) {
        const event = decode(wire);
        assert.deepEqual([event.name, event.conversationId, event.status], [name, 'conv_7', status]);
        assert.deepEqual([event.messageId, event.message], [undefined, undefined]);
      }
    });
  }

  it('says what has changed in a conversation and what was before, as far as it is told', () => {
    const changeOf = (told: string, data: object) => {
      const { changed, previous } = decode(sdk(told, { conversationId: 'conv_7', ...data }));
      return [changed, previous];
    };
    const status = { status: 'resolved', previousStatus: 'open' };
    assert.deepEqual(changeOf('conversation.updated', status), [['status'], { status: 'open' }]);
    const assignee = { assignedTo: 'u2', previousAssignedTo: 'u1', status: 'open', previousStatus: 'open' };
    assert.deepEqual(changeOf('conversation.transferred', assignee), [['assignedTo'], { assignedTo: 'u1' }]);
    assert.deepEqual(changeOf('conversation.assigned', { assignedTo: 'u1' }), [['assignedTo'], undefined]);
    assert.deepEqual(changeOf('conversation.updated', { previousAssignedTo: 'u1' }), [
      ['assignedTo'],
      { assignedTo: 'u1' },
    ]);
    assert.deepEqual(changeOf('conversation.closed', {}), [['status'], undefined]);
    assert.deepEqual(changeOf('conversation.created', { status: 'open' }), [undefined, undefined]);
    for (const inEveryObject of ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty'])
      assert.deepEqual(changeOf(inEveryObject, {}), [undefined, undefined], inEveryObject);
  });

  const others = [
    'contact.created contact.updated contact.merged contact.deleted',
    'channel.connected channel.disconnected channel.error channel.created channel.updated channel.activated',
    'bot.started bot.stopped bot.handoff bot.training.started flow.started flow.completed flow.failed',
    'test.ping webchat.opened something.new constructor __proto__ toString',
  ].flatMap((line) => line.split(' '));
  for (const name of others) {
    it(`${name} passes through, in both shapes`, () => {
      for (const wire of [sdk(name, { id: 'x', status: 'on' }), docs(name, 'x', { status: 'on' })]) {
        const event = decode(wire);
        assert.deepEqual([event.name, event.status, event.conversationId], [name, 'on', undefined]);
        assert.deepEqual(event.original, wire);
      }
      assert.equal(decode({ type: name }).name, name);
    });
  }

  it('of anything name the conversation they are about', () => {
    assert.equal(decode(sdk('bot.handoff', { conversationId: 'conv_7' })).conversationId, 'conv_7');
    assert.equal(decode(docs('flow.completed', 'f', { conversationId: 'conv_7' })).conversationId, 'conv_7');
  });

  it('are refused when they are none', async () => {
    const nothing = [
      '',
      ' ',
      'hello',
      '{',
      '7',
      'null',
      '"message.received"',
      '[]',
      '{}',
      '{"type":""}',
      '{"type":null}',
    ];
    for (const text of [...nothing, '{"event":{}}', '\ufeff{"type":"x"}', '{"type":"x"} ,', `${'['.repeat(1e5)}`]) {
      const error = await failing(() => decodeEvent(Buffer.from(text)));
      assert.equal(error.code, 'serialization', text.slice(0, 20));
    }
  });

  it('survive a prototype in the data', () => {
    const [body] = vectors['a prototype in the data'] ?? assert.fail();
    const event = decodeEvent(Buffer.from(body, 'base64'));
    const { data } = event.original as { data: Record<string, unknown> };
    assert.ok(!Object.hasOwn(data, '__proto__'));
    assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
    assert.equal(Object.getPrototypeOf(data), Object.prototype);
    const hidden = '{"type":"message.received","data":{"id":"m","text":"x","\\u005f_proto__":{"direction":"evil"}}}';
    const message = decodeEvent(Buffer.from(hidden)).message ?? assert.fail();
    assert.equal(message.direction, 'outbound');
    assert.ok(!Object.hasOwn(message, '__proto__'));
    assert.equal(Object.getPrototypeOf(message), Object.prototype);
  });

  it('never end in anything but an event or an error of ours', () => {
    const words =
      'type event data id attributes message conversationId status content timestamp meta __proto__ text'.split(' ');
    const names = fc.constantFrom('message.received', 'message.read', 'conversation.closed', 'x', '', 'constructor');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue(),
        names,
        fc.array(tie('value'), { maxLength: 3 }),
        fc
          .array(fc.tuple(fc.constantFrom(...words), tie('value')), { maxLength: 6 })
          .map((entries) => Object.fromEntries(entries)),
      ),
    }));
    const check = (body: Buffer) => {
      try {
        const event = decodeEvent(body);
        assert.equal(typeof event.name, 'string');
        for (const part of [event.id, event.at, event.status, event.messageId, event.conversationId]) {
          assert.ok(part === undefined || typeof part === 'string');
        }
      } catch (error) {
        assert.ok(error instanceof LinktorError, String(error));
        assert.equal(error.code, 'serialization');
      }
    };
    fc.assert(
      fc.property(names, value, (name, data) => check(Buffer.from(JSON.stringify({ type: name, data })))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(value, (wire) => check(Buffer.from(JSON.stringify(wire) ?? ''))),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => check(Buffer.from(bytes))),
      { numRuns: 200 },
    );
  });

  it('are verified and decoded in one', async () => {
    const event = constructEvent({ ...delivery, body: Buffer.from(eventBody, 'base64') });
    assert.deepEqual([event.name, event.id], ['message.received', 'evt_abc123']);
    const reasons: [Partial<VerifyInput>, Refusal][] = [
      [{ signature: [] }, 'missing_signature'],
      [{ signature: ['x'] }, 'malformed_signature'],
      [{ secrets: ['other secret'] }, 'bad_signature'],
      [{ timestamp: [], requireTimestamp: true }, 'missing_timestamp'],
      [{ timestamp: ['x'] }, 'malformed_timestamp'],
      [{ now: now + 301_000 }, 'too_old'],
      [{ now: now - 301_000 }, 'in_future'],
    ];
    for (const [changes, reason] of reasons) {
      const error = await failing(() => constructEvent({ ...delivery, ...changes }));
      assert.deepEqual([error.code, error.cause.serverCode], ['webhook_verification', reason]);
      const skewed = reason === 'too_old' ? { skew: -301 } : reason === 'in_future' ? { skew: 301 } : undefined;
      assert.deepEqual(error.cause.details, skewed);
      // Neither the secret nor what the signature should have been.
      assertSilent(error, [secret, 'other secret', overBody, overBoth]);
    }
    const junk = Buffer.from('junk');
    const signature = [hmac(Buffer.from(secret), junk)];
    const error = await failing(() => constructEvent({ ...delivery, body: junk, signature }));
    assert.equal(error.code, 'serialization');
  });
});
