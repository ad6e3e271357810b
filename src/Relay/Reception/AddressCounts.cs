using System.Runtime.InteropServices;

namespace Relay.Reception;

/// <summary>How many things there are of each client or network; what has none takes no room. Not safe for several threads.</summary>
internal sealed class AddressCounts
{
    private readonly Dictionary<AddressBlock, int> _counts = [];

    /// <summary>How many the block has.</summary>
    public int Of(AddressBlock block) => _counts.GetValueOrDefault(block);

    public void Add(AddressBlock block) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, block, out _)++;

    public void Remove(AddressBlock block)
    {
        if (--CollectionsMarshal.GetValueRefOrNullRef(_counts, block) == 0)
        {
            _counts.Remove(block);
        }
    }
}
