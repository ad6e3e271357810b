using System.Diagnostics.CodeAnalysis;

namespace Relay.Queue.Scheduling.Sites;

/// <summary>
/// Every destination with mail, its site, and for a while those without: what was learnt of them is kept, but not without bound.
/// Guarded by the scheduler's lock.
/// </summary>
/// <param name="maxPerSite">The most attempts at one site.</param>
internal sealed class KnownDestinations(int maxPerSite)
{
    private const int SweepThreshold = 10_000;
    private const int ForgetThreshold = 50_000;

    private readonly Dictionary<string, Destination> _destinations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Site> _sites = new(StringComparer.Ordinal);
    private int _sweepAt = SweepThreshold;
    private int _forgetAt = ForgetThreshold;

    /// <summary>How many there are.</summary>
    public int Count => _destinations.Count;

    /// <summary>How many sites there are.</summary>
    public int Sites => _sites.Count;

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<Destination> Values => _destinations.Values;

    /// <summary>The destination of a name.</summary>
    public Destination Find(string name)
    {
        if (_destinations.TryGetValue(name, out var found))
        {
            return found;
        }

        Sweep();
        found = new Destination(name);
        _destinations.Add(name, found);
        return found;
    }

    /// <summary>The destination of a name, if there is one.</summary>
    public bool TryFind(string name, [MaybeNullWhen(false)] out Destination destination) => _destinations.TryGetValue(name, out destination);

    /// <summary>All sites as they are now.</summary>
    public Site[] ListSites() => [.. _sites.Values];

    /// <summary>The site of a destination; null when there is no such destination, or it is not routed.</summary>
    public Site? SiteOf(string name) => _destinations.GetValueOrDefault(name)?.Site;

    /// <summary>The site of a router's key.</summary>
    public Site FindSite(string key)
    {
        if (_sites.TryGetValue(key, out var found))
        {
            return found;
        }

        ForgetIdleSites();
        found = new Site(key, maxPerSite);
        _sites.Add(key, found);
        return found;
    }

    // A million destinations with one message each have a million sites. What is known of one without ready mail is hardly
    // more than its back-off, and none of its entries waits for less than that.
    private void ForgetIdleSites()
    {
        if (_sites.Count < _forgetAt)
        {
            return;
        }

        foreach (var destination in _destinations.Values)
        {
            if (destination.Site is { IsIdle: true })
            {
                destination.Site = null;
            }
        }

        foreach (var (key, site) in _sites)
        {
            if (site.IsIdle)
            {
                _sites.Remove(key);
            }
        }

        _forgetAt = Math.Max(ForgetThreshold, 2 * _sites.Count);
    }

    private void Sweep()
    {
        if (_destinations.Count < _sweepAt)
        {
            return;
        }

        foreach (var (name, destination) in _destinations)
        {
            if (destination is { Entries: 0, IsRouting: false, IsInRotation: false, Place.IsTaken: false })
            {
                _destinations.Remove(name);
            }
        }

        var used = _destinations.Values.Select(destination => destination.Site).ToHashSet();
        foreach (var (key, site) in _sites)
        {
            if (site.IsIdle && !used.Contains(site))
            {
                _sites.Remove(key);
            }
        }

        _sweepAt = Math.Max(SweepThreshold, 2 * _destinations.Count);
    }
}
