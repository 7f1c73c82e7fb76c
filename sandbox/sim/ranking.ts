import MiniSearch from 'minisearch';
import { term, words } from './words';

export interface Passage {
  id: string;
  /** Heading of the passage; weighs more than the text. */
  title: string;
  text: string;
}

export interface Hit {
  id: string;
  /** 0 to 1: share of the question that the passage covers; rare words weigh more. */
  coverage: number;
  /** 0 to 1: coverage and BM25 together. */
  score: number;
}

/** Letters of a question that count. */
const MAX_QUESTION_LENGTH = 10_000;
/** Weight of a similar word relative to the word itself. */
const SIMILAR_WORD_WEIGHT = 0.6;

/** Ranks passages against a question: BM25 for the order, coverage for a score that is comparable between indexes. */
export class Ranking {
  readonly #index = new MiniSearch<Passage>({
    fields: ['title', 'text'],
    tokenize: words,
    processTerm: term,
    searchOptions: {
      boost: { title: 2 },
      prefix: (word) => word.length >= 4,
      fuzzy: (word) => (word.length >= 6 ? 1 : false),
    },
  });
  readonly #passagesWith = new Map<string, number>();

  constructor(passages: Iterable<Passage>) {
    for (const passage of passages) {
      this.#index.add(passage);
      for (const word of terms(`${passage.title} ${passage.text}`)) {
        this.#passagesWith.set(word, (this.#passagesWith.get(word) ?? 0) + 1);
      }
    }
  }

  /** Best first, without passages that share no word with the question. */
  search(given: string): Hit[] {
    const question = given.slice(0, MAX_QUESTION_LENGTH);
    const asked = [...terms(question)];
    const whole = asked.reduce((sum, word) => sum + this.#weight(word), 0);
    const found = this.#index.search(question);
    const best = found[0]?.score ?? 1;
    return found
      .map(({ id, score, match, queryTerms }) => {
        const covered = asked.reduce((sum, word) => {
          if (Object.hasOwn(match, word)) return sum + this.#weight(word);
          return queryTerms.includes(word) ? sum + SIMILAR_WORD_WEIGHT * this.#weight(word) : sum;
        }, 0);
        const coverage = covered / whole;
        // Four decimals, so that a returned score can be used as `threshold`.
        return { id: String(id), coverage, score: Number((coverage ** 2 * (0.7 + (0.3 * score) / best)).toFixed(4)) };
      })
      .sort((a, b) => b.score - a.score);
  }

  /** Inverse document frequency: rare words weigh more. */
  #weight(word: string): number {
    const count = this.#passagesWith.get(word) ?? 0;
    return 1 + Math.log(1 + (this.#index.documentCount - count + 0.5) / (count + 0.5));
  }
}

function terms(text: string): Set<string> {
  return new Set(words(text).flatMap((word) => term(word) ?? []));
}
