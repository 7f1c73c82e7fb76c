import { strict as assert } from 'node:assert';
import { fill, processorMs, texts } from '../support/strangers';
import { data, type ServerBench, serverBench } from './server-support';
import { type Bench, bench, type Json } from './support';

const written: Record<string, string> = { ...texts, 'one word': fill('a') };

describe('sandbox: 100 KB that strangers write', () => {
  let box: Bench;
  let own: ServerBench;
  before(async () => {
    box = await bench();
    own = await serverBench();
  });
  after(async () => {
    await box.close();
    await own.close();
  });

  for (const [what, ask] of Object.entries<(text: string) => Promise<unknown>>({
    'a question to a knowledge base': (query) => box.api('POST', '/knowledge-bases/kb_shop/query', { query }),
    'a question to a model': (text) => {
      const messages = [{ role: 'user', content: text }];
      return box.api('POST', '/ai/completions', { messages, knowledgeBaseIds: ['kb_shop'] });
    },
    'texts to embed': (input) => box.api('POST', '/ai/embeddings', { input }),
    'a message of a customer': (text) => box.control('/messages', { conversationId: 'conv_ana', text }),
    'a search for contacts': (text) =>
      box.api('GET', `/contacts?search=${encodeURIComponent(Buffer.from(text.slice(0, 1000)).toString())}`),
    'a name': (name) => box.api('POST', '/contacts', { name, email: name, tags: [name] }),
    'data of a picture': (mensagem) => {
      const shown = { numero_pedido: '1', status_atual: 'transporte', mensagem };
      return box.api('POST', '/vre/templates/status_pedido/preview', { data: shown });
    },
    'an intent on the self-hosted server': (message) =>
      own.call('POST', '/ai/classify-intent', { message, intents: ['order', 'return'] }),
  })) {
    it(`hold nothing up as ${what}`, async function () {
      this.timeout(60_000);
      for (const [name, text] of Object.entries(written)) {
        const before = processorMs();
        await ask(text);
        const took = processorMs() - before;
        assert.ok(took < 1500, `${name}: ${took} ms`);
      }
    });
  }

  for (const pattern of ['^(a+)+$', '^(\\w+\\s?)+$', '(a|aa)+!$']) {
    it(`hold nothing up in a flow of the self-hosted server with the expression ${pattern}`, async () => {
      const nodes = [
        {
          ...{ id: 'q', type: 'question', content: 'Which?' },
          transitions: [
            { id: 't1', condition: 'regex', value: pattern, to_node_id: 'q' },
            { id: 't2', condition: 'default', to_node_id: 'end' },
          ],
        },
        { id: 'end', type: 'message', content: 'Done' },
      ];
      const made = await own.call('POST', '/flows', { name: 'f', trigger: 'welcome', start_node_id: 'q', nodes });
      assert.equal(made.status, 201, made.text);
      const before = processorMs();
      const inputs = ['x', `${'a'.repeat(40)}?`];
      const { body } = await own.call('POST', `/flows/${String(data(made).id)}/test`, { inputs });
      assert.ok(processorMs() - before < 1500);
      const [, last] = body.results as Json[];
      assert.equal(last?.flow_ended, true);
    });
  }
});
