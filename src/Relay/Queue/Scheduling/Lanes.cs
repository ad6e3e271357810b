using System.Diagnostics.CodeAnalysis;

namespace Relay.Queue.Scheduling;

/// <summary>
/// Three lines that compete for slots. They take turns, so that none starves; of the slots, what is proven may have all, each
/// other lane a third. However many dead sites there are and however long each attempt at one hangs, a third of the slots is
/// there for mail that can go, and another for new mail to sites not known yet. Guarded by the scheduler's lock.
/// </summary>
/// <param name="slots">How many slots there are.</param>
internal sealed class Lanes<T>(int slots)
    where T : class, ILaneMember
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
    /// Puts a member into a line; one that stands in a lesser lane moves, with what it had there forfeit.
    /// </summary>
    public void Enqueue(T member, Lane lane)
    {
        if (member.Place.IsTaken && member.Place.Lane <= lane)
        {
            return;
        }

        // A member that moved is still in its old line; its ticket there is void.
        _ticket = _ticket == int.MaxValue ? 1 : _ticket + 1;
        member.Place = new LanePlace(_ticket, lane);
        _lines[(int)lane].Enqueue((member, _ticket));
    }

    /// <summary>How many stand in a lane's line, with some that have moved to another since.</summary>
    public int Waiting(Lane lane) => _lines[(int)lane].Count;

    /// <summary>
    /// Takes the next member out of the lane whose turn it is, of those down to <paramref name="least"/>; false when none of them has both a
    /// member and a slot.
    /// </summary>
    public bool TryDequeue(Lane least, [MaybeNullWhen(false)] out T member, out Lane lane)
    {
        for (var step = 1; step <= Count; step++)
        {
            var next = (_turn + step) % Count;
            lane = (Lane)next;
            while (lane <= least && HasSlot(lane) && _lines[next].TryDequeue(out var first))
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

        (member, lane) = (null, default);
        return false;
    }

    /// <summary>Occupies a slot of a lane that has one.</summary>
    public void Occupy(Lane lane)
    {
        _occupied[(int)lane]++;
        Occupied++;
    }

    /// <summary>Gives a slot back.</summary>
    public void Leave(Lane lane)
    {
        _occupied[(int)lane]--;
        Occupied--;
    }

    /// <summary>A lane may occupy one more slot.</summary>
    public bool HasSlot(Lane lane) => Occupied < slots && (lane == Lane.Proven || _occupied[(int)lane] < _share);
}
