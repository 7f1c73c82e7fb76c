import { setTimeout as pause } from 'node:timers/promises';
import { LinktorClient } from '../../lib/client';
import { Realtime } from '../../lib/realtime';
import { startSandbox } from '../../sandbox';

const conversations = 500;
const messages = 5000;
/** maximum number of conversations that change during one polling round; the server lists twenty */
const together = 15;
/** default polling intervals, milliseconds */
const [busy, idle] = [3000, 15_000];

interface Written {
  id: string;
  conversationId: string;
}

/** Test the self-hosted server under load: many customers, a few at a time, found by polling. */
async function main([minutes = '5']: string[]): Promise<void> {
  const milliseconds = Number(minutes) * 60_000;
  if (!(milliseconds > 0)) throw new Error('npm run soak -- server [minutes]');
  const sandbox = await startSandbox({ contract: 'server', receipts: 'manual' });
  const write = async (body: object): Promise<Written> => {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return (await (await fetch(`${sandbox.url}/_sandbox/messages`, init)).json()) as Written;
  };
  const requests = async () => {
    const { counts } = (await (await fetch(`${sandbox.url}/_sandbox/state`)).json()) as {
      counts: { requests: number };
    };
    return counts.requests;
  };
  const people: string[] = [];
  for (let index = 0; index < conversations; index++) {
    people.push((await write({ contact: { name: `Customer ${index}` }, text: 'long ago' })).conversationId);
  }

  const client = new LinktorClient({ baseUrl: sandbox.url, email: 'demo@linktor.local', password: 'sandbox' });
  const { contract, url, connection } = client.realtime;
  const problems: string[] = [];
  const onProblem = (text: string) => problems.push(text);
  const realtime = new Realtime({ contract, rest: client, url, connection, pollBusy: busy, pollIdle: idle, onProblem });
  const told = new Map<string, string[]>();
  const heard = new Map<string, number>();
  let twice = 0;
  realtime.subscribeAll();
  const stands = new Promise<void>((resolve) => realtime.onState(({ name }) => name === 'open' && resolve()));
  realtime.listen(({ event: { message } }) => {
    if (!message) return;
    if (heard.has(message.id)) twice++;
    heard.set(message.id, Date.now());
    told.set(message.conversationId, [...(told.get(message.conversationId) ?? []), message.id]);
  });
  await stands;
  // Polling is slower while idle, so the measurement starts after a first message.
  const first = await write({ contact: { name: 'First' }, text: 'Hello?' });
  while (!heard.has(first.id)) await pause(100);
  heard.clear();
  told.clear();

  const written = new Map<string, string[]>();
  const sent = new Map<string, number>();
  const before = await requests();
  const began = Date.now();
  const inRound = (messages * busy) / milliseconds;
  // Two conversations alternate, then the next two, so that one round sees at most `together` of them.
  const each = Math.ceil(inRound / (together - 3));
  for (let index = 0; index < messages; index++) {
    await pause(Math.max(0, began + (index * busy) / inRound - Date.now()));
    const turn = Math.floor(index / (2 * each)) * 2 + (index % 2);
    const { id, conversationId } = await write({ conversationId: people[turn % conversations], text: `${index}` });
    sent.set(id, Date.now());
    written.set(conversationId, [...(written.get(conversationId) ?? []), id]);
    if (index % 500 === 499) console.log(`${sent.size} written, ${heard.size} told`);
  }
  const last = Date.now();
  while (heard.size < sent.size && Date.now() - last < idle * 2) await pause(100);
  const asked = (await requests()) - before;
  const perMinute = asked / ((Date.now() - began) / 60_000);
  const facts = realtime.facts();
  await realtime.close();
  await client.close();
  await sandbox.close();

  const late = [...sent].map(([id, at]) => (heard.get(id) ?? Number.POSITIVE_INFINITY) - at).sort((a, b) => a - b);
  const median = late[late.length >> 1] ?? 0;
  const lost = [...sent.keys()].filter((id) => !heard.has(id)).length;
  const faults = problems.map((text) => `problem: ${text}`);
  if (lost > 0) faults.push(`${lost} lost`);
  if (twice > 0) faults.push(`${twice} told twice`);
  if (heard.size > sent.size) faults.push(`${heard.size - sent.size} told that were said before`);
  const mixed = [...written].filter(([id, ids]) => ids.join() !== (told.get(id) ?? []).join()).length;
  if (lost === 0 && mixed > 0) faults.push(`${mixed} conversations out of order`);
  if (median > busy + 500) faults.push(`the median is ${median} ms`);
  console.log(`${sent.size} written in ${written.size} conversations, ${heard.size} told, ${facts.counters.gaps} gaps`);
  console.log(`from the server to the trigger: median ${median} ms, longest ${late.at(-1)} ms`);
  console.log(`${perMinute.toFixed(0)} requests a minute, the writing not counted; ${facts.poll?.rounds} rounds`);
  for (const fault of faults) console.log(`FAIL: ${fault}`);
  console.log(faults.length === 0 ? 'pass' : 'failed');
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
