/** The conversations to list. */
export interface ListingRequest {
  /** all open conversations, not only active ones since the watermark */
  all: boolean;
  /** live events of subscribed conversations may also be missing */
  gap: boolean;
  /** number of the connection that now brings live events */
  connection: number;
  /** conversations fetched by the first listing of a round are not fetched again in the same round */
  round?: number;
}

/** The result of a listing. */
export interface Listing extends ListingRequest {
  /** milliseconds of the server's clock, and never in the future */
  newestActivity: number;
  /** it has subscribed conversations without activity since the watermark */
  subscribed: boolean;
  /** resolves when all missed events it showed are fetched; rejects with temporary failures */
  fetched: Promise<void>;
}

/** The order of every listing. */
export const NEWEST_FIRST = { sortBy: 'lastMessageAt', sortOrder: 'desc' } as const;
