export { alertAddressesOf, alertRulesOf } from './alert-rules.ts';
export { alphaOfStored } from './alpha-of-stored.ts';
export { bytesAsText } from './bytes-as-text.ts';
export { championInForce, type ChampionInForce } from './champion-in-force.ts';
export { changesForNextModel } from './changes-for-next-model.ts';
export { type DetectorStatus, detectorStatus } from './detector-status.ts';
export { detectorStatuses } from './detector-statuses.ts';
export { redriveToTopics } from './redrive-to-topics.ts';
export { type TopicLag, topicLag } from './topic-lag.ts';
