#include "curvecp/core/frame.hpp"

namespace curvecp {

MutableBytes frame_around(MutableBytes packet, MutableBytes message) noexcept {
    const auto offset = static_cast<std::size_t>(message.data() - packet.data());
    const MutableBytes frame = packet.subspan(offset - 1, 1 + message.size());
    frame[0] = frame_length_byte(message.size());
    return frame;
}

MutableBytes FrameReader::prepare(MutableBytes buffer) {
    buffer_ = buffer;
    position_ = 0;
    size_ = incomplete_.size();
    std::copy(incomplete_.begin(), incomplete_.end(), buffer_.begin());
    incomplete_.clear();
    return buffer_.subspan(size_);
}

FrameReader::Next FrameReader::next() {
    const MutableBytes rest = buffer_.first(size_).subspan(position_);
    if (rest.empty()) return NeedMore{};
    const std::size_t message_size = kMessageUnit * rest[0];
    if (!is_message_size(message_size)) return BadLengthByte{};
    if (rest.size() < 1 + message_size) {
        incomplete_.assign(rest.begin(), rest.end());
        position_ = size_;
        return NeedMore{};
    }
    position_ += 1 + message_size;
    return rest.subspan(1, message_size);
}

}  // namespace curvecp
