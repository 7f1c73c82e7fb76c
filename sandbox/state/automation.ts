import type { Fields } from '../wire/form';
import type { Entity } from './entities';

export interface Bot extends Entity {
  name: string;
  description?: string;
  type: string;
  status: 'active' | 'inactive' | 'draft';
  config: Fields;
  channelIds: string[];
  flowId?: string;
  agentId?: string;
  knowledgeBaseIds: string[];
  metadata: Fields;
}

export interface Agent extends Entity {
  name: string;
  description?: string;
  status: 'active' | 'inactive' | 'draft';
  model: string;
  systemPrompt?: string;
  temperature: number;
  maxTokens: number;
  tools: Fields[];
  knowledgeBaseIds: string[];
  metadata: Fields;
}

export interface FlowNode {
  id: string;
  type: string;
  position: { x: number; y: number };
  data: Fields;
}

export interface FlowEdge {
  id: string;
  source: string;
  target: string;
  sourceHandle?: string;
  targetHandle?: string;
  label?: string;
  condition?: unknown;
}

export interface Flow extends Entity {
  name: string;
  description?: string;
  status: 'active' | 'inactive' | 'draft';
  version: number;
  nodes: FlowNode[];
  edges: FlowEdge[];
  variables: Fields[];
  metadata: Fields;
}

export interface Step {
  nodeId: string;
  nodeType: string;
  startedAt: string;
  completedAt?: string;
  input?: unknown;
  output?: unknown;
  error?: string;
}

export interface Execution {
  id: string;
  flowId: string;
  conversationId: string;
  status: 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled';
  currentNodeId?: string;
  variables: Fields;
  history: Step[];
  startedAt: string;
  completedAt?: string;
  error?: string;
}
