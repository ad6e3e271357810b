using Relay.Delivery;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Scheduling;

/// <summary>The sites: which destinations they serve, whose turn it is, and what an attempt says of them.</summary>
internal sealed partial class Scheduler
{
    /// <summary>A look-up is done.</summary>
    public void SetRoute(Destination destination, string siteKey)
    {
        lock (_gate)
        {
            var site = _destinations.FindSite(siteKey);
            destination.IsRouting = false;
            destination.RoutedUntil = _clock.GetTimestamp() + ToTimestamps(RouteLifetime);
            if (destination.Site != site)
            {
                destination.Site?.Leave(destination);
                destination.Site = site;
            }

            if (destination.HasReady)
            {
                JoinSite(destination, site);
            }
        }
    }

    /// <summary>An attempt is done with its site, though not yet written.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="health">What it says of the site.</param>
    /// <param name="failure">What the site failed of; null when it did not, or what failed was not the site.</param>
    public void FinishAtSite(WorkItem.Attempt attempt, SiteHealth health, DeliveryFailure? failure = null)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            var site = attempt.Site;
            if (site.Finish(health, attempt.Started, now, failures => ToTimestamps(_schedule.BackoffAfter(failures))))
            {
                TakeOverdue(site, now);
            }

            site.LastFailure = failure is not null && site.HasReady ? failure : health == SiteHealth.Good ? null : site.LastFailure;
            Rotate(site);
        }
    }

    private void JoinSite(Destination destination, Site site)
    {
        site.Join(destination);
        site.HasNew |= destination.HasNew;
        destination.HasNew = false;
        Rotate(site);
    }

    // A back-off is waited for only while the site has ready mail: there may be a million sites that have none.
    private void Rotate(Site site)
    {
        var now = _clock.GetTimestamp();
        if (site.IsRunnable(now))
        {
            _rotation.Enqueue(site, site.ServiceClass);
        }
        else if (site.HasReady && site.BackoffUntil > now && !site.IsAwaited)
        {
            site.IsAwaited = true;
            _backingOff.Enqueue(site, site.BackoffUntil);
            _timer.RingAt(site.BackoffUntil);
        }
    }

    private bool TryTakeAttempt(out WorkItem turn)
    {
        var now = _clock.GetTimestamp();
        while (_rotation.TryDequeue(ServiceClass.Suspect, out var site, out var serviceClass))
        {
            if (site.IsRunnable(now) && site.Take() is { } entry)
            {
                _rotation.Occupy(serviceClass);
                Rotate(site);
                GiveOut(entry);
                turn = new WorkItem.Attempt(entry, site, now, IsFinal: entry.Expiry <= now) { ServiceClass = serviceClass };
                return true;
            }
        }

        turn = null!;
        return false;
    }

    // One attempt after each back-off would keep a backlog far beyond its time.
    private void TakeOverdue(Site site, long now)
    {
        foreach (var destination in site.Ready.Where(destination => destination.EarliestExpiry <= now))
        {
            foreach (var entry in destination.TakeOverdue(now))
            {
                _alarms.Remove(entry);
                entry.Place = EntryPlace.Overdue;
                _overdue.Enqueue(entry);
            }
        }
    }
}
