import { once } from '../async/once';
import type { Contract } from '../contract/index';
import { isObject, tryJson } from '../contract/json';
import { messageOf } from '../errors';
import type { ConversationCache } from './conversation-cache';
import { describeChange, isVague } from './events/changes';
import type { FeedChoice } from './feed-choice';
import type { GapReporter } from './sync/gap-reporter';

/** Turns the frames of the socket into events and hands them to the feed. */
export class Intake {
  readonly #contract: Pick<Contract, 'frame'>;
  readonly #conversations: Pick<ConversationCache, 'update' | 'doubt'>;
  readonly #feeds: FeedChoice;
  readonly #gaps: Pick<GapReporter, 'report'>;
  readonly #onProblem: (text: string) => void;
  /** how many want to know all that changes in a conversation */
  #watchers = 0;
  /** for diagnosis: frames that have come, and frames that could not be read */
  frames = 0;
  malformed = 0;

  constructor(
    contract: Pick<Contract, 'frame'>,
    conversations: Pick<ConversationCache, 'update' | 'doubt'>,
    feeds: FeedChoice,
    gaps: Pick<GapReporter, 'report'>,
    onProblem: (text: string) => void,
  ) {
    this.#contract = contract;
    this.#conversations = conversations;
    this.#feeds = feeds;
    this.#gaps = gaps;
    this.#onProblem = onProblem;
  }

  /** What an update leaves out is looked up, until the returned function is called. */
  watchChanges(): () => void {
    this.#watchers++;
    return once(() => this.#watchers--);
  }

  /** A frame has arrived. Nothing is thrown: it would end the process. @param at milliseconds of the local clock */
  readonly take = (text: string, at: number): void => {
    this.frames++;
    try {
      const event = this.#contract.frame(text);
      if (!event) {
        if (!isObject(tryJson(text))) this.malformed++;
        return;
      }
      const { conversationId, changes } = event;
      if (conversationId !== undefined && changes) {
        const before = this.#conversations.update(conversationId, changes);
        describeChange(event, before);
        if (before && this.#watchers > 0 && isVague(event)) {
          event.before = before;
          this.#conversations.doubt(conversationId);
        }
      }
      this.#feeds.current.take(event, at, text.length);
    } catch (error) {
      this.malformed++;
      this.#onProblem(messageOf(error));
    }
  };

  /** A frame that cannot be taken has ended the connection. */
  broken(reason: 'oversize' | 'malformed'): void {
    this.malformed++;
    this.#gaps.report(reason, this.#feeds.current.receivedUpTo);
  }
}
