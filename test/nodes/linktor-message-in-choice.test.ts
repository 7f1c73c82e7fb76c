import { strict as assert } from 'node:assert';
import { type FlowNode, type Message, setUpFlows } from '../support/flows';

const titles = ['Opening hours', 'Shipping', 'A person'];
const buttonsOf = (all: readonly string[]) => JSON.stringify(all.map((title) => ({ title, id: title.toLowerCase() })));

describe('linktor-message-in: what was offered, chosen by typing', () => {
  const { play, control } = setUpFlows();

  const flow = (buttons: string): FlowNode[] => {
    const menu = { kind: 'buttons', text: 'What can we do?', textType: 'str', buttons, buttonsType: 'json' };
    return [
      { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['out']] },
      { id: 'out', type: 'probe' },
      { id: 'menu', type: 'linktor-send', config: 'account', ifNoButtons: 'numbered', ...menu, wires: [['sent']] },
      { id: 'sent', type: 'probe' },
    ];
  };
  const writes = (more: Record<string, unknown>) => control('messages', { conversationId: 'conv_ana', ...more });

  /** Offers the buttons, then says each of these. @returns what comes of the messages */
  async function offered(buttons: string, said: Record<string, unknown>[]): Promise<Message[]> {
    const { node, probe } = await play(flow(buttons));
    node('menu').receive({ conversationId: 'conv_ana' });
    await probe('sent').first();
    for (const one of said) {
      await writes(one);
      await probe('out').take(said.indexOf(one) + 1);
    }
    return probe('out').all;
  }

  it('by its number, its title, and the beginning of that', async () => {
    const said = [' 2. ', 'A PERSON', 'open', '４', 'Tell me about shipping'].map((text) => ({ text }));
    const heard = await offered(buttonsOf(titles), said);
    assert.deepEqual(
      heard.map(({ choice }) => choice),
      [
        { kind: 'number', id: 'shipping', title: 'Shipping' },
        { kind: 'word', id: 'a person', title: 'A person' },
        { kind: 'word', id: 'opening hours', title: 'Opening hours' },
        undefined,
        undefined,
      ],
    );
    assert.equal(heard[0]?.payload, ' 2. ');
  });

  it('where the channel had numbers in their place', async () => {
    const many = Array.from({ length: 12 }, (_, index) => `Choice ${index + 1}`);
    const [heard] = await offered(buttonsOf(many), [{ text: '11' }]);
    assert.deepEqual(heard?.choice, { kind: 'number', id: 'choice 11', title: 'Choice 11' });
  });

  it('and a press stays a press', async () => {
    const [heard] = await offered(buttonsOf(titles), [{ choice: { id: 'shipping', title: 'Shipping' } }]);
    assert.deepEqual(heard?.choice, { kind: 'button', id: 'shipping', title: 'Shipping' });
  });

  it('and in another conversation it is a text', async () => {
    const [heard] = await offered(buttonsOf(titles), [{ conversationId: 'conv_bruno', text: '2' }]);
    assert.equal(heard?.choice, undefined);
  });
});
