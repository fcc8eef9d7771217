import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { haversineKm } from './haversine.ts';

const QUARTER_KM = (Math.PI / 2) * 6371.0088;

describe('haversineKm', () => {
  it('measures arcs of great circles', () => {
    expect(haversineKm(0, 0, 90, 0)).toBeCloseTo(QUARTER_KM, 6);
    expect(haversineKm(0, -45, 0, 45)).toBeCloseTo(QUARTER_KM, 6);
    expect(haversineKm(0, 0, 0, 180)).toBeCloseTo(2 * QUARTER_KM, 6);
    expect(haversineKm(48.85, 2.35, 48.85, 2.35)).toBe(0);
  });

  it('knows JFK to LAX, 3,974 km', () => {
    expect(haversineKm(40.6398, -73.7789, 33.9425, -118.4081)).toBeGreaterThan(3969);
    expect(haversineKm(40.6398, -73.7789, 33.9425, -118.4081)).toBeLessThan(3980);
  });

  it('agrees with the angle between unit vectors, is symmetric, and never NaN', () => {
    const latitude = fc.double({ min: -90, max: 90, noNaN: true });
    const longitude = fc.double({ min: -180, max: 180, noNaN: true });
    fc.assert(
      fc.property(latitude, longitude, latitude, longitude, (a, b, c, d) => {
        const vector = (phi: number, lambda: number) => {
          const [p, l] = [(phi * Math.PI) / 180, (lambda * Math.PI) / 180];
          return [Math.cos(p) * Math.cos(l), Math.cos(p) * Math.sin(l), Math.sin(p)] as const;
        };
        const [u, v] = [vector(a, b), vector(c, d)];
        const cross = Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]);
        const dot = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
        // Near the antipode the haversine formula itself loses half of the digits: metres.
        expect(Math.abs(haversineKm(a, b, c, d) - 6371.0088 * Math.atan2(cross, dot))).toBeLessThan(1e-3);
        expect(haversineKm(c, d, a, b)).toBeCloseTo(haversineKm(a, b, c, d), 9);
      }),
    );
  });
});
