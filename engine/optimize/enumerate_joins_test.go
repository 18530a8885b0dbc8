package optimize

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/micodb/micodb/engine/plan"
)

// TestExactFindsTheBestOfAllJoins compares the dynamic programming, on random graphs with random sizes and some
// attachments, with a search through all ways to cut every set in two.
func TestExactFindsTheBestOfAllJoins(t *testing.T) {
	for seed := range 300 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		p := randomPlanner(r, 2+r.IntN(7))
		for i := range p.units {
			p.best[unitOf(i)] = &choice{}
		}
		all := unitOf(len(p.units)) - 1
		want := map[units]float64{}
		bestCost(p, all, want)
		p.exact(all)
		if want[all] < 0 {
			require.Nil(t, p.best[all], "seed %d", seed)
			continue
		}
		require.NotNil(t, p.best[all], "seed %d", seed)
		require.InDelta(t, want[all], p.best[all].cost, 1e-6, "seed %d", seed)
	}
}

// randomPlanner makes a connected graph; every set has a random size.
func randomPlanner(r *rand.Rand, n int) *joinPlanner {
	g := &joinGraph{units: make([]unit, n), edges: make([]units, n), sizes: map[units]float64{}}
	for i := 1; i < n; i++ {
		g.edge(unitOf(r.IntN(i)), i)
		if r.IntN(3) == 0 {
			g.edge(unitOf(r.IntN(i)), i)
		}
		if r.IntN(4) == 0 {
			g.units[i].attach = &attachment{kind: plan.LeftJoin, reads: g.edges[i]}
		}
	}
	for set := range unitOf(n) {
		g.sizes[set] = float64(1 + r.IntN(1000))
	}
	return &joinPlanner{joinGraph: g, best: map[units]*choice{}}
}

// bestCost is the least cost of a set's joins, -1 where there are none.
func bestCost(p *joinPlanner, set units, known map[units]float64) float64 {
	if set.single() {
		return 0
	}
	if c, ok := known[set]; ok {
		return c
	}
	best := -1.0
	for right := (set - 1) & set; right != 0; right = (right - 1) & set {
		left := set &^ right
		if p.neighbours(left)&right == 0 || !p.allowed(left, right) {
			continue
		}
		l, r := bestCost(p, left, known), bestCost(p, right, known)
		held := p.size(right)
		if p.attached(right) != nil {
			held = min(held, p.size(left))
		}
		if cost := l + r + p.size(set) + buildWeight*held; l >= 0 && r >= 0 && (best < 0 || cost < best) {
			best = cost
		}
	}
	known[set] = best
	return best
}

// TestExactMeetsEveryPairOnce counts the pairs of a clique: (3^n - 2^(n+1) + 1) / 2.
func TestExactMeetsEveryPairOnce(t *testing.T) {
	const n = 6
	p := randomPlanner(rand.New(rand.NewPCG(1, 1)), n)
	for i := range n {
		p.units[i].attach = nil
		p.edge((unitOf(n)-1)&^unitOf(i), i)
	}
	all := unitOf(n) - 1
	met := map[pair]int{}
	for i := n - 1; i >= 0; i-- {
		emit := func(a, b units) { met[pair{a, b}]++ }
		p.complements(unitOf(i), all, emit)
		p.grow(unitOf(i), unitOf(i)<<1-1, func(set units) { p.complements(set, all, emit) })
	}
	require.Len(t, met, (729-128+1)/2)
	for x, times := range met {
		require.Equal(t, 1, times)
		require.Zero(t, met[pair{x.b, x.a}])
		require.Zero(t, bits.OnesCount64(uint64(x.a&x.b)))
	}
}
