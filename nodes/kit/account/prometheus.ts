import type { AiFigures } from '../../../lib/client/index';
import type { AccountFigures } from './figures';

/** Content type of the response. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number, suffix?: string];

/** Counters of the live side with their help texts. */
const LIVE: Readonly<Record<string, string>> = {
  events: 'Events that were given to flows.',
  duplicates: 'Events that came twice and were dropped.',
  recovered: 'Events that had been missed and were fetched.',
  frames: 'Frames that the socket brought.',
  malformed: 'Frames and events that could not be read.',
  gaps: 'Times when something may be missing.',
  reconnects: 'Times when the connection came back.',
};

/** Figures of models with their help texts. */
const AI: Readonly<Record<string, readonly [keyof AiFigures, string]>> = {
  answers: ['answers', 'Answers of models that told what they cost.'],
  prompt_tokens: ['promptTokens', 'Tokens of what models were asked.'],
  completion_tokens: ['completionTokens', 'Tokens of what models answered.'],
  tokens: ['totalTokens', 'Tokens of questions and answers.'],
  cost: ['cost', "Price of the answers, in the server's own unit."],
};

/**
 * Return the figures in the Prometheus text format: names with units, totals for counters, and no id, phone number or
 * text of a customer in a label.
 * @param account name of the config node
 */
export function prometheusText(account: string, figures: AccountFigures): string {
  const { calls, durations, retries, ai, waiting, allowed, sent, outbox, failures, connection } = figures;
  const parts = [
    metric(
      'calls_total',
      'counter',
      'Calls of the API, by what they came to.',
      calls.map(({ count, ...labels }) => [labels, count]),
    ),
    metric('call_retries_total', 'counter', 'Attempts after the first one of a call.', [[{}, retries]]),
    metric('call_duration_seconds', 'histogram', 'Time that calls took, with all attempts and waits.', [
      ...durations.buckets.map(({ le, count }): Sample => [{ le }, count, '_bucket']),
      [{ le: '+Inf' }, durations.count, '_bucket'],
      [{}, durations.sum, '_sum'],
      [{}, durations.count, '_count'],
    ]),
    metric('calls_waiting', 'gauge', 'Calls that wait for their turn.', [[{}, waiting]]),
    metric(
      'calls_allowed',
      'gauge',
      'Calls that the server still allows.',
      allowed === undefined ? [] : [[{}, allowed]],
    ),
    ...Object.entries(AI).map(([name, [key, help]]) =>
      metric(`ai_${name}_total`, 'counter', help, ai ? [[{}, ai[key]]] : []),
    ),
    metric('messages_sent_total', 'counter', 'Messages that the nodes have sent.', [[{}, sent]]),
    metric('outbox_messages', 'gauge', 'Messages that wait in the durable outbox.', [[{}, outbox]]),
    metric(
      'failures_total',
      'counter',
      'Inputs of nodes that came to nothing.',
      failures.map(({ nodeType, code, count }) => [{ node: nodeType, code }, count]),
    ),
    metric(
      'connection_up',
      'gauge',
      '1 while the realtime connection stands.',
      connection ? [[{}, connection.up]] : [],
    ),
    metric(
      'subscriptions',
      'gauge',
      'Conversations that the socket is asked for.',
      connection ? [[{}, connection.subscriptions]] : [],
    ),
    ...Object.entries(LIVE).map(([name, help]) => {
      const value = connection?.counters[name];
      return metric(`${name}_total`, 'counter', help, value === undefined ? [] : [[{}, value]]);
    }),
  ];
  return parts.join('');

  function metric(name: string, type: string, help: string, samples: readonly Sample[]): string {
    if (samples.length === 0) return '';
    const whole = `linktor_${name}`;
    const lines = samples.map(
      ([labels, value, suffix = '']) => `${whole}${suffix}${labelsOf({ account, ...labels })} ${value}\n`,
    );
    return `# HELP ${whole} ${help}\n# TYPE ${whole} ${type}\n${lines.join('')}`;
  }
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
