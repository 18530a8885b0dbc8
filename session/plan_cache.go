package session

import (
	"container/list"
	"slices"
	"strings"
	"sync"

	"github.com/micodb/micodb/catalog"
	"github.com/micodb/micodb/engine/plan"
	"github.com/micodb/micodb/internal/limits"
	"github.com/micodb/micodb/metrics"
)

// planKey is what the meaning of a statement depends on, beside the definitions of its tables. Those are held against
// the snapshot of each statement (sameDefinitions), as nobody knows them before the text is understood; they and the
// text decide the types of the parameters, to which values are cast, whatever types a client gives them.
type planKey struct {
	text     string
	user     string
	database string // of unqualified names
	settings string // all that SET changed
	epoch    uint64 // of users, roles and grants: what the user may see and do
}

// planCache keeps what statements mean for the next ones with the same text, whichever session they come from, up to a
// number of bytes; the one that was used longest ago goes first.
//
// Nothing in it may follow from what is in the tables. It keeps bound plans, which know definitions only, and
// templates: optimized plans with the parameters still in place, made without statistics, so that no rule can put into
// them what statistics say. A plan with joins has no template, because its shape should follow the sizes of the tables
// and the values of the parameters: it is optimized for each run with the statistics of that run's snapshot. Physical
// plans, with the bounds that a scan proves, are made for each run.
type planCache struct {
	metrics metrics.Queries
	limit   int64 // bytes

	mu      sync.Mutex // guards all below
	used    int64
	entries map[planKey]*list.Element // of *prepared
	recent  list.List                 // the most recent in front
}

func newPlanCache(limit int64, m metrics.Queries) *planCache {
	return &planCache{metrics: m, limit: limit, entries: map[planKey]*list.Element{}}
}

// get returns the plan of a key, or nil. The caller counts it with hit once it knows that it holds.
func (c *planCache) get(k planKey) *prepared {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	p, _ := e.Value.(*prepared)
	return p
}

func (c *planCache) hit() { c.metrics.PlanHits.Inc() }

// put keeps a plan, in the place of another one with its key.
func (c *planCache) put(p *prepared) {
	c.metrics.PlanMisses.Inc()
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.entries[p.key]; old != nil {
		c.remove(old)
	}
	c.entries[p.key] = c.recent.PushFront(p)
	c.used += p.bytes
	for c.used > c.limit {
		c.remove(c.recent.Back())
	}
	c.metrics.PlanEntries.Set(float64(len(c.entries)))
	c.metrics.PlanBytes.Set(float64(c.used))
}

// remove takes an entry out; the caller holds mu.
func (c *planCache) remove(e *list.Element) {
	if p, ok := c.recent.Remove(e).(*prepared); ok {
		c.used -= p.bytes
		delete(c.entries, p.key)
	}
}

// planKey returns the key of a text in a database, for the session as it is now.
func (u *userSession) planKey(text, database string) planKey {
	u.mu.Lock()
	defer u.mu.Unlock()
	return planKey{
		text: text, user: u.principal.Username, database: database, settings: u.settingsText,
		epoch: u.server.config.Authorizer.Epoch(),
	}
}

// settingsChanged notes what SET changed for the keys of plans; the caller holds mu.
func (u *userSession) settingsChanged() {
	all := make([]string, 0, len(u.settings))
	for name, value := range u.settings {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	u.settingsText = strings.Join(all, "\x00")
}

// keeps tells whether a statement of a kind may have its plan in the cache: SHOW and EXPLAIN have results in theirs,
// and DDL is seldom run twice.
func keeps(kind, text string) bool {
	if text == "" || len(text) > limits.PlanTextBytes {
		return false
	}
	switch kind {
	case kindSelect, kindInsert, kindUpdate, kindDelete:
		return true
	default:
		return false
	}
}

// mayShare tells whether other sessions may use the plan: it has no time of a transaction in it, and none of its tables
// was made or altered by a transaction that has not committed.
func (p *prepared) mayShare() bool {
	if p.bound.HoldsNow {
		return false
	}
	return !slices.ContainsFunc(definitionsOf(p.bound), func(t *catalog.Table) bool {
		return t.Kind != catalog.SystemView && !t.Version.Committed()
	})
}

// Estimates of what a kept plan takes: its text as tokens, syntax tree and expressions, its nodes, their columns.
const (
	planBytesPerByte   = 64
	planBytesPerNode   = 512
	planBytesPerColumn = 96
)

func (p *prepared) estimateBytes() int64 {
	n := int64(len(p.key.text)) * planBytesPerByte
	for _, root := range []plan.Node{p.bound.Plan, p.template} {
		if root == nil {
			continue
		}
		plan.Walk(root, func(x plan.Node) {
			n += planBytesPerNode + planBytesPerColumn*int64(len(x.Schema().Fields))
		})
	}
	return n
}
