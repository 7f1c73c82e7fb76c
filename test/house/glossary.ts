// The words of this code. CONTRIBUTING.md prints the first table; glossary.test.ts holds the sources to both.

export interface Term {
  /** the name in the code, and further forms of it */
  use: readonly string[];
  means: string;
  /** where it is declared, and where its old names are not: a path in which ** stands for anything */
  where: string;
  /** names that it had, and that nothing there may have again */
  not: readonly string[];
}

/** Mechanisms have the standard name of the field, things have Linktor's and Node-RED's. */
export const terms: readonly Term[] = [
  { use: ['ToMsg'], means: 'makes the Node-RED message of an event', where: 'nodes/kit/**', not: ['Teller'] },
  {
    use: ['Deduplicator'],
    means: 'whether an event was delivered already',
    where: 'lib/realtime/**',
    not: ['Told', 'Seen'],
  },
  { use: ['RecentKeys'], means: 'a bounded set of keys that expire', where: 'lib/realtime/**', not: ['Seen'] },
  {
    use: ['EarlyStatuses'],
    means: 'statuses that came ahead of their message',
    where: 'lib/realtime/**',
    not: ['Early'],
  },
  {
    use: ['StallDetector'],
    means: 'notices a socket that is open and delivers nothing',
    where: 'lib/realtime/**',
    not: ['Deaf', 'DeafSettings', 'onDeaf'],
  },
  {
    use: ['ConversationSync'],
    means: 'the list of conversations, and which of them may have missed something',
    where: 'lib/realtime/**',
    not: ['Roster', 'RosterSettings'],
  },
  { use: ['SyncLoop'], means: 'when to synchronise', where: 'lib/realtime/**', not: ['Opening', 'OpeningSettings'] },
  {
    use: ['Backfill'],
    means: 'fetches the messages that were missed',
    where: 'lib/realtime/**',
    not: ['Catchup', 'CatchupSettings'],
  },
  {
    use: ['GapReporter'],
    means: 'says `sync.gap` for what cannot be fetched',
    where: 'lib/realtime/**',
    not: ['Recovery', 'RecoverySettings'],
  },
  {
    use: ['PollRound'],
    means: 'one round of asking what is new',
    where: 'lib/realtime/**',
    not: ['Reading', 'ReadingSettings'],
  },
  {
    use: ['PollCursor'],
    means: 'how far the poll has read',
    where: 'lib/realtime/**',
    not: ['Latest', 'mark', 'floor', 'lastHeard'],
  },
  {
    use: ['PendingStatuses'],
    means: 'messages of ours whose final status is not known yet',
    where: 'lib/realtime/**',
    not: ['Awaited'],
  },
  { use: ['SocketTransport'], means: 'one WebSocket', where: 'lib/realtime/**', not: ['Wire'] },
  {
    use: ['WaitList'],
    means: 'waiters with deadlines',
    where: 'lib/client/**',
    not: ['Patience', 'patience'],
  },
  { use: ['Credentials'], means: 'what signs a request', where: 'lib/contract/**', not: ['Badge'] },
  {
    use: ['CredentialProvider'],
    means: 'signs in, renews, and gives credentials',
    where: 'lib/client/**',
    not: ['Identity'],
  },
  { use: ['Attempt'], means: 'one try of a request', where: 'lib/client/**', not: ['Flight'] },
  {
    use: ['MultipartSend'],
    means: 'the parts of one message on their way',
    where: 'lib/sending/**',
    not: ['Parcel'],
  },
  { use: ['SendRequest'], means: 'what is to be sent to whom', where: 'lib/sending/**', not: ['Order'] },
  {
    use: ['DeliveryWatcher'],
    means: 'waits for the statuses of sent messages',
    where: 'lib/sending/**',
    not: ['Arrivals'],
  },
  { use: ['SendResult'], means: 'what became of a send', where: 'lib/sending/**', not: ['Receipt'] },
  { use: ['KeyedMutex'], means: 'one after the other for each key', where: 'lib/async/**', not: ['Turns'] },
  {
    use: ['ErrorCause', 'ErrorCode'],
    means: 'parts of a `LinktorError`',
    where: 'lib/errors.ts',
    not: ['Plan', 'Code'],
  },
  {
    use: ['Handover'],
    means: 'holds, resumes and hands over listening across a deploy',
    where: 'lib/realtime/**',
    not: ['Legacy', 'claimed'],
  },
  {
    use: ['isSubscribed', 'isDelivered', 'isWanted'],
    means: 'predicates of an event or a conversation',
    where: 'lib/realtime/**',
    not: ['hears', 'wants', 'knows', 'isHeard'],
  },
  {
    use: ['watermark'],
    means: 'up to when a conversation is synchronised (`cursor` in the poll)',
    where: 'lib/realtime/**',
    not: ['newest', 'reached', '#excused'],
  },
  { use: ['SidebarFeed'], means: 'what the sidebar is shown', where: 'nodes/kit/**', not: ['Watch', 'Watched'] },
  {
    use: ['EventLog'],
    means: 'the latest events, without anything people wrote',
    where: 'nodes/kit/**',
    not: ['Activity'],
  },
  { use: ['SentLog'], means: 'what this account has sent, to match statuses', where: 'nodes/kit/**', not: ['Journal'] },
  { use: ['RunHandle'], means: 'one run of an action', where: 'nodes/kit/**', not: ['Flight'] },
];

/** Further names that are gone, by room: the dialect that these rooms once had. */
export const retired: readonly [where: string, ...names: string[]][] = [
  ['lib/client/**', 'WireRequest', 'WireAnswer', 'WireFault', 'WireStream', 'coreOf', 'baseOf', 'farewell', 'mostHops'],
  ['lib/client/**', 'largestAnswer', 'largestRequest', 'inlined', 'halfway', 'eitherWay', 'operate', 'elsewhere'],
  ['lib/realtime/**', '#isSilent', '#tell', '#tellNew', '#telling', '#told', '#untold', '#unfound', '#introduce'],
  [
    'lib/realtime/**',
    '#wire',
    '#farewell',
    '#stands',
    '#hasStood',
    '#undialled',
    '#desertedAt',
    '#isAwaited',
    '#meanwhile',
  ],
  [
    'lib/realtime/**',
    'patience',
    'ponged',
    'heard',
    'unheard',
    'overhear',
    'everything',
    'succession',
    'awaited',
    'missed',
  ],
  [
    'lib/realtime/**',
    'mostHeld',
    'mostHeldLength',
    'mostKept',
    'mostKnown',
    'mostWaiting',
    'largestFrame',
    'olderOnes',
  ],
  [
    'nodes/kit/**',
    'teller',
    'hear',
    'overhear',
    'journal',
    'seated',
    '#seat',
    '#tell',
    'tick',
    'unticked',
    'told',
    'tested',
  ],
  [
    'nodes/kit/**',
    'patience',
    'mostHeld',
    'perPart',
    'perSearch',
    'hasTwin',
    'notYet',
    'filledIn',
    'usualFields',
    'isWhole',
  ],
  [
    'sandbox/**',
    'Face',
    'Shelf',
    'Crowd',
    'CrowdReport',
    'Hub',
    'Audience',
    'Welcome',
    'Memory',
    'House',
    'Library',
    'Runner',
  ],
  [
    'sandbox/**',
    'tellStory',
    'refuseStrangers',
    'refusePages',
    'serverFor',
    'NOBODY',
    'OPEN_ROOMS',
    'REMEMBERED',
    'USUAL',
  ],
  [
    'sandbox/**',
    'MOST_BYTES',
    'MOST_JSON_BYTES',
    'MOST_UPLOAD_BYTES',
    'MOST_STEPS',
    'KEPT_BYTES',
    'ATTEMPTS_MS',
    'MINUTE',
    'DAY',
  ],
];

/** The glossary as CONTRIBUTING.md prints it. */
export function glossaryTable(): string {
  const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
  return [
    '| Word | Means | In |',
    '| --- | --- | --- |',
    ...terms.map(({ use, means, where }) => `| ${code(use)} | ${means} | \`${where}\` |`),
  ].join('\n');
}
