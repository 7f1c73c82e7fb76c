import { Claims } from './claims';
import { StoreConnection, type StoreSettings, type StoreState } from './connection';
import { type LaneReader, LaneWorker } from './lane-worker';
import { Lanes } from './lanes';
import { type Leadership, Lease, type LeaseSettings } from './lease';
import { Members } from './members';

export interface SharedStoreSettings extends StoreSettings, Pick<LeaseSettings, 'name' | 'timing'> {
  /** the leader has changed */
  onLeadership(leadership: Leadership): void;
  onState(state: StoreState): void;
  /** the instances have changed */
  onMembers(): void;
}

/** The common parts of several instances of one account: a store, and an elected leader. */
export class SharedStore {
  readonly connection: StoreConnection;
  readonly lease: Lease;
  readonly claims: Claims;
  readonly members: Members;
  readonly lanes: Lanes;
  /** takes the events of a part of the lanes; undefined where one instance has all events */
  #worker: LaneWorker | undefined;

  /** @throws LinktorError `validation` for an invalid address */
  static async open(settings: SharedStoreSettings): Promise<SharedStore> {
    return new SharedStore(await StoreConnection.open(settings), settings);
  }

  private constructor(connection: StoreConnection, settings: SharedStoreSettings) {
    const { name, timing, onLeadership, onState, onMembers } = settings;
    this.connection = connection;
    this.claims = new Claims(connection);
    connection.onState(onState);
    this.lanes = new Lanes(connection);
    this.members = new Members({
      ...{ connection, name },
      onChange: () => {
        this.#worker?.assign();
        onMembers();
      },
    });
    this.lease = new Lease({ connection, name, timing, onChange: onLeadership });
  }

  get worker(): LaneWorker | undefined {
    return this.#worker;
  }

  /** Take the events of a part of the lanes, from now on. @param triggers ids of the nodes that are to hear them */
  takePart(reader: LaneReader, triggers: Iterable<string>): LaneWorker {
    this.#worker ??= new LaneWorker(this.lanes, this.members, reader, triggers);
    return this.#worker;
  }

  async close(): Promise<void> {
    await this.#worker?.close();
    await Promise.all([this.lease.close(), this.members.close(), this.claims.close()]);
    this.connection.close();
  }
}
