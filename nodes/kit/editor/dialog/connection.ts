import type { Answer, Finding, Tested } from '../../admin/types';
import { failureText } from '../failure-text';
import { optionKey } from '../keys';
import { ask, inWords, type Line, tell } from './ask';
import type { EditorNode } from './host';
import { current, input, rowOf } from './values';

/** settings of address and identity; the test needs no others */
const tried = [
  ...['baseUrl', 'wsUrl', 'contract', 'signIn', 'apiKey', 'accessToken', 'email', 'password', 'tls', 'proxy'],
  'receive',
  ...['eventsFrom', 'natsUrl', 'natsUser', 'natsSecret', 'natsTls'],
];

/** Test the settings in the dialog, and show the findings. */
export function prepareConnection(node: EditorNode): void {
  const form = input(node.type, 'name').closest('form');
  const copy = form.find('.linktor-diagnose').hide();
  const outcome = form.find('.linktor-test').siblings('.linktor-outcome');
  let diagnostics = '';
  form.find('.linktor-test').on('click', () => {
    const missing = missingIn(node);
    if (missing) return tell(outcome, [{ ok: false, text: missing }]);
    const settings = Object.fromEntries(tried.map((name) => [name, current(node, name)]));
    const url = `linktor/${encodeURIComponent(node.id)}/test`;
    ask<Tested>(node, url, settings, outcome, (tested) => {
      diagnostics = tested.diagnostics;
      copy.show();
      return tested.findings.map((finding) => lineOf(node, finding));
    });
  });
  copy.on('click', () => RED.clipboard.copyText(diagnostics, copy));
  warnOfTwin(node, form.find('.linktor-twin'));
  offerScheme(node);
}

/** Required fields by sign-in method. */
const needed: Record<string, readonly string[]> = {
  apiKey: ['apiKey'],
  accessToken: ['accessToken'],
  password: ['email', 'password'],
};

/** @returns a request for the missing credential, if any */
function missingIn(node: EditorNode): string | undefined {
  const name = needed[current(node, 'signIn')]?.find((one) => current(node, one).trim() === '');
  return name && node._(`linktor.test.enter.${name}`);
}

/** Offer to add the scheme, as users often paste a host without it. */
function offerScheme(node: EditorNode): void {
  const element = input(node.type, 'baseUrl');
  const offer = $('<button type="button" class="red-ui-button red-ui-button-small">');
  rowOf(element).append($('<div class="linktor-below linktor-scheme">').append(offer));
  const refresh = () => {
    const text = String(element.val() ?? '').trim();
    const isBare = /^[\w-]+(\.[\w-]+)*(:\d+)?(\/\S*)?$/.test(text);
    const isNear = /^(localhost|127\.|10\.|192\.168\.|[\w-]+(:|\/|$))/.test(text);
    const url = `${isNear ? 'http' : 'https'}://${text}`;
    offer.text(node._('linktor.account.useUrl', { url })).data('url', url).parent().toggle(isBare);
  };
  offer.on('click', () =>
    element
      .val(String(offer.data('url')))
      .trigger('change')
      .trigger('focus'),
  );
  element.on('input change', refresh);
  refresh();
}

/** codes with an advice in the catalogue, for failures without a more specific hint */
const advised = new Set([
  ...['authentication', 'authorization', 'not_found', 'timeout', 'rate_limit', 'not_supported', 'server', 'network'],
  ...['serialization', 'websocket'],
]);

/** advice for findings that are not failures but should be fixed */
const remedies: Record<string, string> = {
  clockOff: 'clock',
  memoryOnly: 'memory',
  natsShared: 'natsShared',
  storeEvicts: 'storeEvicts',
  storeForgets: 'storeForgets',
};

function lineOf(node: EditorNode, { what, ok, facts = {}, problem }: Finding): Line {
  if (problem) {
    const { code = '', message, hint } = problem;
    const usual = what === 'nats' ? 'nats' : advised.has(code) ? code : undefined;
    const specific = hint === undefined ? undefined : failureText(hint, (key, values) => node._(key, values));
    const advice = specific ?? (usual ? node._(`linktor.advice.${usual}`) : hint);
    return { ok, text: `${node._(`linktor.test.not.${what}`)}: ${inWords(node, message)}`, advice };
  }
  const remedy = remedies[String(what)];
  const advice = remedy && node._(`linktor.advice.${remedy}`);
  return { ok, text: node._(`linktor.test.${what}`, wordsOf(node, facts)), advice };
}

/** Translate stored values for the user. */
function wordsOf(node: EditorNode, facts: NonNullable<Finding['facts']>): Record<string, unknown> {
  const words = Object.entries(facts).map(([name, value]) => {
    if (name === 'signIn' || name === 'contract' || name === 'keepIn')
      return [name, node._(optionKey(node.type, name, String(value)))];
    if (typeof value !== 'object') return [name, value];
    return [name, value.map((one) => node._(`linktor.feature.${one}`)).join(', ')];
  });
  return Object.fromEntries(words);
}

/** Warn of a second config node for the same account: it opens a second connection and receives every event again. */
function warnOfTwin(node: EditorNode, place: JQuery): void {
  $.getJSON(`linktor/${encodeURIComponent(node.id)}/twin`).done((answer: Answer<{ shared: boolean }>) => {
    if (answer.ok && answer.shared) tell(place, [{ text: node._('linktor.test.twin') }]);
  });
}
