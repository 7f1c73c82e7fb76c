import { type FlowNode, type FlowSetup, type Message, type Played, until } from './flows';

// A conversation with a flow, whose test reads like a chat between a customer and a bot.

interface Sent {
  conversationId: string;
  text: string;
  messageId: string;
}

/** A flow with an ask node: the message "go" starts it; its outputs are `answer`, `nobody` and `ended`. */
export const askNode = (more: Record<string, unknown> = {}): FlowNode[] => [
  {
    id: 'ask',
    type: 'linktor-ask',
    config: 'account',
    question: 'How many?',
    questionType: 'str',
    wires: [['answer'], ['nobody'], ['ended'], ['failed']],
    ...more,
  },
  ...['answer', 'nobody', 'ended', 'failed'].map((id) => ({ id, type: 'probe' })),
];

/** A flow with a form: the same outputs; the questions are rows of its table. */
export const formNode = (questions: readonly object[], more: Record<string, unknown> = {}): FlowNode[] => {
  const { question: _, questionType: __, ...node } = askNode()[0] as FlowNode;
  return [{ ...node, type: 'linktor-form', fields: JSON.stringify(questions), ...more }, ...askNode().slice(1)];
};

export class Chat {
  readonly #setup: FlowSetup;
  readonly #played: Played;
  readonly conversationId: string;
  #heard = 0;

  constructor(setup: FlowSetup, played: Played, conversationId = 'conv_ana') {
    this.#setup = setup;
    this.#played = played;
    this.conversationId = conversationId;
  }

  /** Send a message to the ask node. */
  begin(msg: Record<string, unknown> = {}, node = 'ask'): void {
    this.#played.node(node).receive({ conversationId: this.conversationId, ...msg });
  }

  /** Wait for the next message of the bot. @returns its text */
  async botSays(): Promise<string> {
    const index = this.#heard++;
    const own = async () =>
      (await this.#setup.state()).sends.filter(({ conversationId }) => conversationId === this.conversationId);
    const sends = await until<Sent[]>(own, (all) => all.length > index);
    // The question is open once its node has received the response.
    return sends[index]?.text ?? '';
  }

  async customerSays(text: string): Promise<void> {
    await this.#setup.control('messages', { conversationId: this.conversationId, text });
  }

  /** Press a button as it was sent, with its tag on the wire. */
  async customerPressesSent(title: string, message = -1): Promise<void> {
    const sent = (await this.#setup.state()).sends.filter(({ interactive }) => interactive !== undefined);
    const { interactive } = sent.at(message) as { interactive: { action: Record<string, unknown> } };
    const { buttons = [], sections = [] } = interactive.action as {
      buttons?: { id: string; title: string }[];
      sections?: { rows: { id: string; title: string }[] }[];
    };
    const found = [...buttons, ...sections.flatMap(({ rows }) => rows)].find((one) => one.title === title);
    if (!found) throw new Error(`There is no button "${title}".`);
    await this.customerPresses(found.id, title);
  }

  async customerPresses(id: string, title = id): Promise<void> {
    await this.#setup.control('messages', { conversationId: this.conversationId, choice: { id, title } });
  }

  async answer(count = 1): Promise<Message> {
    return (await this.#played.probe('answer').take(count))[count - 1] as Message;
  }

  async ended(): Promise<Message> {
    return this.#played.probe('ended').first();
  }
}
