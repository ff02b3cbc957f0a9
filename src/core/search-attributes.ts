import { defineSearchAttributeKey } from '@temporalio/common';

/** Registered before a worker starts: an unknown attribute makes every workflow task fail without a word. */
export const PHASE_ATTRIBUTE = defineSearchAttributeKey('CutoverPhase', 'KEYWORD');
export const STATUS_ATTRIBUTE = defineSearchAttributeKey('CutoverStatus', 'KEYWORD');
export const HOME_ATTRIBUTE = defineSearchAttributeKey('CutoverHome', 'KEYWORD');

export const SEARCH_ATTRIBUTES = [PHASE_ATTRIBUTE, STATUS_ATTRIBUTE, HOME_ATTRIBUTE] as const;
