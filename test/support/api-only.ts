/**
 * Tests that do not run against the self-hosted server, by patterns of their titles. Here: tests of an operation that
 * the server lacks; another test verifies that it does.
 */
export const lacking: Record<string, RegExp[]> = {
  'conversations.unassign': [/^linktor-conversation takes it back/],
  'conversations.snooze': [/^linktor-conversation lets it sleep/],
  'conversations.addTags': [/^linktor-conversation adds and removes tags/],
  'conversations.removeTags': [/^linktor-conversation removes tags/],
  'conversations.counts': [/^linktor-conversation counts them/],
  'conversations.markRead': [/^linktor-message-in, marking as read/],
  'conversations.deleteMessage': [/^linktor-conversation: messages deletes/],
  'contacts.merge': [/^linktor-contact makes one of several/, /^linktor-ask: .* contact has been merged/],
  'ai.embed': [/^linktor-embeddings/],
  'ai.agents.invoke': [/^linktor-ai lets an agent answer/, /^linktor-ai says that there is no such agent/],
  'ai.agents.duplicate': [/^linktor-ai looking after agents gives one/],
  'ai.stream': [/^linktor-ai: answers in pieces/],
  'flows.execute': [/^linktor-flow runs one/, /^linktor-flow does not take a text for variables/],
  'flows.executions': [/^linktor-flow lists what one has done/],
  'analytics.figures(messages)': [/^linktor-analytics gives the figures: messages/, /^linktor-analytics takes a time/],
  'analytics.figures(agents)': [/^linktor-analytics gives the figures: agents/],
  'analytics.figures(bots)': [/^linktor-analytics gives the figures: bots/],
  'analytics.figures(realtime)': [
    /^linktor-analytics gives the figures: realtime/,
    /^linktor-analytics gives those of a period/,
  ],
  'webhooks.create': [/^linktor-webhook-in/],
};

/** Tests specific to the documented API: the reason why they do not run, and their titles. */
const foreign: [why: string, titles: RegExp[]][] = [
  ['the poll is the connection', [/^how an account receives gives up connecting/]],
  ['asks as the documented API does who is signed in', [/^what a node still holds are signs of typing/]],
  [
    'some operation of the node is lacking',
    [/when things go wrong, every operation (waits as long|ends with a deploy)/],
  ],
  [
    'the node makes calls in the words of the documented API',
    [/^linktor-api/, /^linktor-send sends a body of the API/],
  ],
  ['says what the documented API lacks', [/says that the documented API has no/]],
  [
    'a model and its provider have to be named',
    [
      /^linktor-ai (answers|lets a prompt|continues a chat|never pays twice|gives up when)/,
      /^linktor-ai: answers in JSON/,
      /^linktor-ai: what was said before/,
      /^linktor-ai: what a model says, in any form/,
    ],
  ],
  [
    'plays a failure at a path of the documented API',
    [
      /^linktor-knowledge (never takes an answer|says that there is no such base|applies the score)/,
      /^linktor-knowledge with several bases/,
      /^linktor-knowledge: .* after an interruption/,
      /^linktor-send: what a channel takes says which parts have left/,
      /^linktor-connection (gives a failed question|looks after the health|tells that it is not let in)/,
      /^linktor-message-in, fetching files (signs in|does not sign in)/,
      /^linktor-typing( |$)/,
      /^linktor-send: typing first/,
      /^linktor-ask: .* with the AI/,
      /^linktor-form goes on when the answers cannot be written/,
    ],
  ],
  [
    'metadata and fields are texts there, and numbers stay as they were written',
    [
      /keeps the choices with the message/,
      /takes a document in its own words/,
      /uploads a file with what is known of it/,
      /leaves it to the server to fetch a web address/,
      /is added in its order, files and addresses as well/,
      /^linktor-contact: find or create (makes known|merges what)/,
      /^linktor-contact: a table of contacts gives every row/,
      /^linktor-contact (creates one from the message|takes tags away)/,
      /^linktor-bot (creates one|changes one)/,
    ],
  ],
  [
    'nobody can be searched by the name in a channel',
    [
      /by (the name in a channel|identity)/,
      /^linktor-contact lists those of/,
      /refuses a name that nobody has/,
      /a contact of (a phone number|an e-mail address|the name in a channel), once/,
      /^linktor-send: to a list sends to everybody/,
    ],
  ],
  [
    'counts requests, and signing in is one',
    [
      /^linktor-contact: find or create (does not write|takes back|finds what it has made|tells that nobody)/,
      /asks about a channel only when it matters/,
      /asked no faster than it likes/,
      /^linktor-template/,
      /^linktor-send does not hide a write/,
    ],
  ],
  ['what became of a send is looked at there', [/^linktor-send never repeats/]],
  [
    'without a provider a message stays pending',
    [
      /^linktor-send notes what it has sent/,
      /^linktor-send: files .* its message has arrived/,
      /^linktor-status-in (tells each|tells only|gives|knows its own)/,
    ],
  ],
  [
    'the socket brings no messages, so its losses and frames tell nothing',
    [
      /^linktor-message-in, the server .* (emits what a customer writes|fills the gap)/,
      /^linktor-event-in (tells of a change by|tells only what is ticked|tells only of the changes|looks up|tells each of several|tells how the connection)/,
      /^linktor-connection (tells of every change|tells only what is ticked|tells once that the server)/,
    ],
  ],
];

/** @returns why a test does not run against the self-hosted server, if it does not */
export function apiOnly(title: string): string | undefined {
  const fits = (titles: readonly RegExp[]) => titles.some((one) => one.test(title));
  const operation = Object.keys(lacking).find((one) => fits(lacking[one] ?? []));
  return operation ?? foreign.find(([, titles]) => fits(titles))?.[0];
}
