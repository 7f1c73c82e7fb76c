/** The parts of Node-RED's editor that the dialogs use. */
export interface EditorNode {
  id: string;
  type: string;
  name?: string;
  inputs?: number;
  outputs?: number;
  credentials?: Record<string, unknown>;
  _def: { defaults: Record<string, { value: unknown }> };
  _(key: string, values?: Record<string, unknown>): string;
  [property: string]: unknown;
}

export type Verdict = boolean | string;

export interface ValidateOptions {
  label?: string;
}

declare global {
  const RED: {
    validators: {
      typedInput(options: object): (this: EditorNode, value: unknown, options?: ValidateOptions) => Verdict;
    };
    nodes: {
      node(id: string): EditorNode | null;
      eachConfig(each: (node: EditorNode) => boolean | undefined): void;
      eachNode(each: (node: EditorNode) => boolean | undefined): void;
      getType(type: string): { _: (this: EditorNode, key: string, values?: Record<string, unknown>) => string };
    };
    editor: {
      editJSON(options: { value: string; requireValid: boolean; complete(text: string): void }): void;
      validateNode(node: EditorNode): boolean;
    };
    events: {
      on(event: 'nodes:add' | 'nodes:remove', listener: (node: EditorNode) => void): void;
      on(event: 'registry:node-type-added', listener: (type: string) => void): void;
    };
    view: { redraw(): void };
    actions: { invoke(action: string): void };
    settings: { httpNodeRoot?: string };
    clipboard: { copyText(text: string, near: JQuery): void };
  };
}
