/** Numbers of conversations and words over which the events are spread evenly, so that listeners get equal shares. */
export const conversationCount = 1000;
export const wordCount = 100;

const digits = 9;
const blank = '0'.repeat(digits);

/** Socket frames of equal length, each with a message of the documented API under a unique id. */
export class Frames {
  readonly #one: Buffer;
  readonly #conversations: readonly string[];
  readonly #marks: { conversation: number[]; id: number; word: number };
  #serial = 0;

  /** @param conversations ids, all of one length */
  constructor(conversations: readonly string[]) {
    this.#conversations = conversations;
    const conversationId = '#'.repeat(conversations[0]?.length ?? 0);
    const text = Buffer.from(
      JSON.stringify({
        type: 'message',
        conversationId,
        message: {
          id: `msg_${blank}`,
          conversationId,
          direction: 'inbound',
          contentType: 'text',
          content: { text: 'w00 where is my parcel?' },
          status: 'delivered',
          senderType: 'contact',
          senderId: 'ct_3',
          createdAt: '2026-05-01T12:00:00Z',
          updatedAt: '2026-05-01T12:00:00Z',
        },
      }),
    );
    // A final, unmasked text frame with a 16-bit length.
    this.#one = Buffer.concat([Buffer.of(0x81, 126, text.length >> 8, text.length & 255), text]);
    const at = (what: string, from = 0) => this.#one.indexOf(what, from);
    const first = at(conversationId);
    this.#marks = {
      conversation: [first, at(conversationId, first + 1)],
      id: at(blank),
      word: at('w00') + 1,
    };
  }

  /** Bytes of one frame. */
  get size(): number {
    return this.#one.length;
  }

  /** @returns the bytes of this many frames */
  take(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count * this.size);
    for (let index = 0; index < count; index++) {
      const start = index * this.size;
      const serial = this.#serial++;
      this.#one.copy(bytes, start);
      const conversation = this.#conversations[serial % this.#conversations.length] ?? '';
      for (const mark of this.#marks.conversation) bytes.write(conversation, start + mark, 'latin1');
      bytes.write(String(serial).padStart(digits, '0'), start + this.#marks.id, 'latin1');
      bytes.write(String(serial % wordCount).padStart(2, '0'), start + this.#marks.word, 'latin1');
    }
    return bytes;
  }
}
