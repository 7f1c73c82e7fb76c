import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError, partlyDone, toLinktorError } from '../../../lib/errors';
import { marked } from '../../../lib/messages/own-mark';
import { transcriptOf } from '../../../lib/messages/transcript';
import { type Conversation, type Escalation, isObject, type Message } from '../../../lib/model';
import type { ActionContext } from '../define';
import { defined } from '../fields';

/** A handover and its options. */
export interface HandoverRequest {
  conversation: string;
  reason?: string;
  priority?: string;
  /** the new assignee, if known */
  assignee?: string;
  /** none, text (the one given), ai */
  summaryBy: string;
  summary?: string;
  model?: string;
  /** message to the customer */
  tell?: string;
}

/** Information for the person who takes over. */
export interface HandoverStory {
  reason?: string;
  summary?: string;
  /** the newest messages, from the first to the last */
  transcript: string;
  by: string;
}

/** The result, in the form of an escalation. */
type Assigned = Escalation;

const MAX_TRANSCRIPT_MESSAGES = 30;
/** Servers may limit the size of metadata. */
const MAX_TRANSCRIPT_LENGTH = 8000;
const TOLD_HINT = 'Leave out the text for the customer when you hand it over again.';
const SUMMARISE =
  'Sum up in three sentences at most, for a colleague who takes over: what the customer wants, what is known, what was tried.';

type Context = Pick<ActionContext<unknown>, 'client' | 'charge' | 'sentLog' | 'warn'>;

/**
 * Hand a conversation over to a person, with its context. The customer is notified first: afterwards the flow is
 * silent.
 * @throws LinktorError of the server; where only the summary fails, the conversation is handed over without it
 */
export async function handOver(
  context: Context,
  request: HandoverRequest,
): Promise<{ result: unknown; story: HandoverStory }> {
  const { client, charge, sentLog } = context;
  const { conversation: id, reason, tell } = request;
  const conversation = await client.conversations.get(id);
  const transcript = await transcriptIn(context, conversation);
  const summary = await summaryOf(context, request, transcript);
  const story: HandoverStory = { ...defined({ reason, summary }), transcript, by: 'node-red' };
  let told: string | undefined;
  if (tell !== undefined && tell.trim() !== '') {
    const { id: messageId } = await client.conversations.send(id, marked({ type: 'text', text: tell }));
    sentLog.add({ messageId, conversationId: id, at: Date.now() });
    told = messageId;
  }
  const { name } = await client.contract();
  const escalate = name === 'server' ? escalated : updated;
  const result = await escalate(context, request, conversation, story).catch((error: unknown) => {
    if (charge.isOn && isEscalated(error)) charge.takeovers.begin(id, 'escalated');
    throw told === undefined ? error : partlyDone(error, 'the customer has been told', { told }, TOLD_HINT);
  });
  if (charge.isOn) charge.takeovers.begin(id, 'escalated', result.assignedTo);
  return { result, story };
}

/** This server has a call for escalation, but no metadata for the story: the reason carries the summary. */
async function escalated(
  { client }: Context,
  { conversation: id, priority, assignee }: HandoverRequest,
  _conversation: Conversation,
  { reason, summary }: HandoverStory,
): Promise<Assigned> {
  const told = [reason, summary].filter((part) => part !== undefined).join('\n\n');
  const result = await client.conversations.escalate(id, { ...defined({ reason: told }), ...defined({ priority }) });
  if (assignee === undefined) return result;
  await assign(client, id, assignee);
  return { ...result, status: 'assigned', assignedTo: assignee };
}

async function updated(
  { client }: Context,
  { conversation: id, priority, assignee }: HandoverRequest,
  { metadata }: Conversation,
  story: HandoverStory,
): Promise<Assigned> {
  const escalatedAt = new Date().toISOString();
  const { conversations } = client;
  await conversations.update(id, {
    status: 'pending',
    ...defined({ priority }),
    metadata: { ...metadata, escalated: true, handover: { ...story, at: escalatedAt } },
  });
  if (assignee === undefined) return { conversationId: id, status: 'queued', escalatedAt };
  await assign(client, id, assignee);
  return { conversationId: id, status: 'assigned', assignedTo: assignee, escalatedAt };
}

/** The last step: the conversation is with the team already. */
async function assign(client: LinktorClient, id: string, assignee: string): Promise<void> {
  await client.conversations.assign(id, assignee).catch((error: unknown) => {
    throw partlyDone(error, 'it has been handed over, to nobody', { escalated: true }, 'Assign it to somebody else.');
  });
}

function isEscalated(error: unknown): boolean {
  const { details } = error instanceof LinktorError ? error.cause : {};
  return isObject(details) && details.escalated === true;
}

async function transcriptIn({ client }: Context, conversation: Conversation): Promise<string> {
  const messages: Message[] = [];
  for await (const message of client.conversations.eachMessage(conversation.id, { limit: MAX_TRANSCRIPT_MESSAGES })) {
    if (messages.push(message) === MAX_TRANSCRIPT_MESSAGES) break;
  }
  return transcriptOf(messages.reverse(), 'text', conversation).slice(-MAX_TRANSCRIPT_LENGTH);
}

async function summaryOf(
  { client, warn }: Context,
  { summaryBy, summary, model }: HandoverRequest,
  transcript: string,
): Promise<string | undefined> {
  if (summaryBy === 'text') return summary;
  if (summaryBy !== 'ai') return undefined;
  try {
    const messages = [
      { role: 'system', content: SUMMARISE },
      { role: 'user', content: transcript },
    ];
    const { text } = await client.ai.create({ messages, ...defined({ model }) });
    return text === '' ? undefined : text;
  } catch (thrown) {
    const { message }: LinktorError = toLinktorError(thrown);
    warn(`Handed over without a summary: ${message}`);
    return undefined;
  }
}
