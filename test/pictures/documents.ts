// Detectors, a rule and a calendar of the pictures, as their files have them.

/** Detector of the wind turbines; its versions differ in what they learn from, and for how long. */
export const turbines = (lookback: string, steps: number): string => `apiVersion: flowline/v1
kind: Detector
metadata: { name: turbines, labels: { team: wind-farm } }
spec:
  source:
    kafka: { topic: turbines }
    time: { field: at, unit: iso }
    key: [turbine]
  history:
    query: select at, turbine, wind_speed, power, rotor_speed, gearbox, air from turbine_history
    timeColumn: at
    lookback: ${lookback}
  features:
    - { name: wind_speed, type: positive } # m/s
    - { name: power, type: real } # kW
    - { name: rotor_speed, type: real } # rpm
    - { name: gearbox, type: real } # °C
    - { name: air, type: real, role: context } # °C
  missing: { nullable: [gearbox] }
  model: { family: realNVP, seed: 7, budget: { steps: ${steps} } }
  training: { data: clean, schedule: '15 2 * * 0' }
  decision: { control: { falseAlarms: 2/day } }
  alerts: { topic: alerts, resolveAfter: 3h, mergeGap: 6h, cooldown: 1h, explainShare: 1 }
`;

const payments = `apiVersion: flowline/v1
kind: Detector
metadata: { name: payments, labels: { team: shop } }
spec:
  source:
    kafka: { topic: payments }
    time: { field: at, unit: iso }
    key: [shop]
  history:
    query: select at, shop, amount, items, latency, method from payment_history
    timeColumn: at
  features:
    - { name: amount, type: positive } # EUR
    - { name: items, type: integer }
    - { name: latency, type: positive } # ms
    - { name: method, type: categorical }
  model: { family: realNVP, seed: 3 }
  training: { data: clean, schedule: '45 2 * * *' }
  decision: { control: { falseAlarms: 1/day } }
  alerts: { topic: alerts, resolveAfter: 1h, mergeGap: 2h, explainShare: 1 }
`;

const logins = `apiVersion: flowline/v1
kind: Detector
metadata: { name: logins, labels: { team: identity } }
spec:
  source:
    kafka: { topic: logins }
    time: { field: at, unit: iso }
    key: [tenant]
  history: { from: scored_events }
  features:
    - { name: attempts, type: integer }
    - { name: seconds_between, type: positive }
    - { name: country, type: categorical }
  training: { data: unlabelled }
  decision: { control: { fdr: 0.05 } }
  alerts: { topic: alerts }
`;

const rules = `apiVersion: flowline/v1
kind: Rule
metadata: { name: curtailed }
spec:
  when: x.power > 1470.0 && x.power < 1530.0 && x.wind_speed > 9.0
  detectors: [turbines]
  then: { suppress: true, excludeFromTraining: true, tag: { reason: grid-operator } }
---
apiVersion: flowline/v1
kind: Rule
metadata: { name: slow-invoices }
spec:
  when: x.latency < 4.0 * e.latency.p95
  detectors: [payments]
  then: { downgrade: info, tag: { team: billing } }
---
apiVersion: flowline/v1
kind: Calendar
metadata: { name: maintenance }
spec:
  timezone: Europe/Berlin
  events:
    - { start: 2026-01-06T07:00, duration: 4h, rrule: FREQ=WEEKLY;BYDAY=TU }
  alerts: false
  training: false
`;

/** Whatever is in force from the beginning. */
export const documents = (): string => [turbines('10d', 60), payments, logins, rules].join('---\n');
