using System.Diagnostics.CodeAnalysis;

namespace Relay.Queue.Scheduling.Sites;

/// <summary>
/// Three lines that compete for slots. They take turns, so that none starves; of the slots, the healthy may have all, each
/// other class a third. However many dead sites there are and however long each attempt at one hangs, a third of the slots is
/// there for mail that can go, and another for new mail to sites not known yet. Guarded by the scheduler's lock.
/// </summary>
/// <param name="slots">How many slots there are.</param>
internal sealed class FairQueue<T>(int slots)
    where T : class, IFairQueueMember
{
    private const int Count = 3;

    private readonly Queue<(T Member, int Ticket)>[] _lines = [new(), new(), new()];
    private readonly int[] _occupied = new int[Count];
    private readonly int _share = Math.Max(1, slots / Count);
    private int _turn;
    private int _ticket;

    /// <summary>How many slots are occupied.</summary>
    public int Occupied { get; private set; }

    /// <summary>
    /// Puts a member into a line; one that stands in a lesser class moves, with what it had there forfeit.
    /// </summary>
    public void Enqueue(T member, ServiceClass serviceClass)
    {
        if (member.Place.IsTaken && member.Place.ServiceClass <= serviceClass)
        {
            return;
        }

        // A member that moved is still in its old line; its ticket there is void.
        _ticket = _ticket == int.MaxValue ? 1 : _ticket + 1;
        member.Place = new FairQueuePlace(_ticket, serviceClass);
        _lines[(int)serviceClass].Enqueue((member, _ticket));
    }

    /// <summary>How many stand in the line of a class, with some that have moved to another since.</summary>
    public int Waiting(ServiceClass serviceClass) => _lines[(int)serviceClass].Count;

    /// <summary>
    /// Takes the next member out of the class whose turn it is, of those down to <paramref name="least"/>; false when none of them has both a
    /// member and a slot.
    /// </summary>
    public bool TryDequeue(ServiceClass least, [MaybeNullWhen(false)] out T member, out ServiceClass serviceClass)
    {
        for (var step = 1; step <= Count; step++)
        {
            var next = (_turn + step) % Count;
            serviceClass = (ServiceClass)next;
            while (serviceClass <= least && HasSlot(serviceClass) && _lines[next].TryDequeue(out var first))
            {
                if (first.Member.Place.Ticket == first.Ticket)
                {
                    _turn = next;
                    member = first.Member;
                    member.Place = default;
                    return true;
                }
            }
        }

        (member, serviceClass) = (null, default);
        return false;
    }

    /// <summary>Occupies a slot of a class that has one.</summary>
    public void Occupy(ServiceClass serviceClass)
    {
        _occupied[(int)serviceClass]++;
        Occupied++;
    }

    /// <summary>Gives a slot back.</summary>
    public void Leave(ServiceClass serviceClass)
    {
        _occupied[(int)serviceClass]--;
        Occupied--;
    }

    /// <summary>A class may occupy one more slot.</summary>
    public bool HasSlot(ServiceClass serviceClass) => Occupied < slots && (serviceClass == ServiceClass.Healthy || _occupied[(int)serviceClass] < _share);
}
